"""A Prometheus of our own, and its tool: it scrapes four times a second."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from support.servers import end_with_parent, free_port

_OFTEN = "250ms"


def program(name: str) -> str:
    """The path of `prometheus` or `promtool`."""
    found = shutil.which(name)
    assert found, f"{name} is missing: scripts/bootstrap --servers installs it (Debian: prometheus)"
    return found


def promtool(*arguments: str) -> str:
    """What the tool prints; it fails the test if the tool does."""
    ran = subprocess.run([program("promtool"), *arguments], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


class Prometheus:
    """A server that runs."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def firing(self) -> set[tuple[str, str, str]]:
        """Plan, name and severity of the alerts that fire; none before it answers."""
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/api/v1/alerts") as answer:
            alerts: list[dict[str, Any]] = json.load(answer)["data"]["alerts"]
            labels = [alert["labels"] for alert in alerts if alert["state"] == "firing"]
            return {(one["plan"], one["alertname"], one["severity"]) for one in labels}
        return set()

    def has(self, metric: str, plan: str) -> bool:
        """Whether a plan's metric was scraped."""
        query = urllib.parse.urlencode({"query": f"{metric}{{plan={json.dumps(plan)}}}"})
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/api/v1/query?{query}") as told:
            return bool(json.load(told)["data"]["result"])
        return False


@contextmanager
def prometheus(folder: Path, rules: list[Path], ports: list[int]) -> Iterator[Prometheus]:
    """Runs a server with rules, which scrapes some ports, until the end of the block."""
    port = free_port()
    config = {
        "global": {"scrape_interval": _OFTEN, "evaluation_interval": _OFTEN},
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [
            {
                "job_name": "tilewright",
                "static_configs": [{"targets": [f"127.0.0.1:{one}" for one in ports]}],
            }
        ],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    command = [
        program("prometheus"),
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    process = subprocess.Popen(command, preexec_fn=end_with_parent)
    try:
        yield Prometheus(port)
    finally:
        process.kill()
        process.wait()
