"""Where the hosts, ports and folders of the pages are on this machine, and what docker runs."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from docs.pages import ROOT
from support.kafka import Kafka
from support.redis_server import RedisServer
from support.servers import free_port

#: Events that no file of the pages has, by their topic; a stream's folder has the clicks'.
ONLY_IN_TOPICS = {
    "clicks": {"user_id": "eve", "price": 3.0, "quantity": 7, "ts": "2024-01-04T14:36:00Z"},
}
#: The services of the compose file that run what is built here.
_OURS = ("writer", "service")
#: For each `…` that a reader is to choose.
SECRET = "a-secret-of-the-reader"


class Places:
    """The places of one page; servers are started when a command names them."""

    def __init__(
        self, folder: Path, fixture: Callable[[str], Any], own: Sequence[tuple[str, str]]
    ) -> None:
        self._folder = folder
        self._fixture = fixture
        self._topics: dict[str, str] = {}
        self.port, self.metrics_port = free_port(), free_port()
        self._places: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
            *own,
            (r"redis://(?:localhost|cache|cache\.internal|redis):6379/0", self._redis_url),
            (r"kafka://(?:broker|kafka):9092/(\w+)", self._topic),
            (
                r"\btilewright serve (?!.*--export)",
                lambda _: f"tilewright serve --port {self.port} ",
            ),
            (r"arriving/(?=\*\.jsonl)", self._arriving),
            (r"http://127\.0\.0\.1:8080", lambda _: f"http://127.0.0.1:{self.port}"),
            (r"0\.0\.0\.0:9464", lambda _: f"127.0.0.1:{self.metrics_port}"),
            (r"/srv/features(?=/)", lambda _: str(folder)),
            (r"/var/(?:cache|lib)/tilewright", lambda _: str(folder / "of-the-service")),
            ("…", lambda _: SECRET),
        ]

    def here(self, text: str) -> str:
        """Give a text of a page with the places of this machine."""
        for pattern, place in self._places:
            text = re.sub(pattern, place, text)
        return text

    @cached_property
    def redis(self) -> RedisServer:
        """The Redis of the page's hosts."""
        found: RedisServer = self._fixture("own_server")
        return found

    def _redis_url(self, _: re.Match[str]) -> str:
        return self.redis.url(0)

    def _arriving(self, named: re.Match[str]) -> str:
        """Put a file into the folder that a stream reads."""
        folder = self._folder / named[0]
        folder.mkdir(exist_ok=True)
        (folder / "more.jsonl").write_text(f"{json.dumps(ONLY_IN_TOPICS['clicks'])}\n")
        return named[0]

    def _topic(self, named: re.Match[str]) -> str:
        """Give a topic with the events of the CSV file of its name, and one more."""
        name = named[1]
        if name not in self._topics:
            kafka: Kafka = self._fixture("kafka")
            self._topics[name] = kafka.topic()
            events = [*events_of(self._folder / f"{name}.csv")]
            events += [ONLY_IN_TOPICS[name]] if name in ONLY_IN_TOPICS else []
            kafka.produce(self._topics[name], map(json.dumps, events), partition=0)
        return self._topics[name]


def events_of(file: Path) -> Iterator[dict[str, Any]]:
    """Give the rows of a CSV file with numbers and truths as JSON has them."""
    with file.open(newline="") as opened:
        for row in csv.DictReader(opened):
            yield {name: _plain(value) for name, value in row.items()}


def _plain(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def without_docker(command: str, environment: dict[str, str]) -> list[str]:
    """Give what docker would run of ours, as commands of this machine.

    An image is not built: that its files are there is checked. Of a compose file the processes of
    our image are run; a variable that it needs and nobody exports is an error, as with docker.
    """
    words = shlex.split(command)
    if words[1] == "run":
        return [_in_a_container(command)]
    file = ROOT / words[words.index("--file") + 1]
    if words[1] == "build":
        assert file.is_file()
        return []
    services = yaml.safe_load(_filled(file.read_text(), environment))["services"]
    return [_process_of(services[name], words[words.index("--file") + 1]) for name in _OURS]


def _process_of(service: dict[str, Any], file: str) -> str:
    """Give the command of a service, with the plans that it mounts from beside its file."""
    run = shlex.join(["tilewright", *service["command"]])
    (plans,) = (one for one in service["volumes"] if ":/plans:" in one)
    folder = os.path.normpath(Path(file).parent / plans.partition(":")[0])
    return run.replace("/plans/", f"{folder}/")


def _in_a_container(command: str) -> str:
    """Give what the image's entry point runs, with the paths of what is mounted."""
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    (entry,) = re.findall(r"^ENTRYPOINT (.+)$", dockerfile, re.MULTILINE)
    run = " ".join(json.loads(entry)) + command.split(" tilewright", 1)[1]
    if mounted := re.search(r'--volume "(.+?):(/\w+):ro"', command):
        run = run.replace(mounted[2] + "/", f"{mounted[1]}/")
    return run


def _filled(text: str, environment: dict[str, str]) -> str:
    """Put variables into a text of a compose file."""

    def value(found: re.Match[str]) -> str:
        default = found["default"]
        if found["name"] in environment:
            return environment[found["name"]]
        assert default is not None and not default.startswith(":?"), f"{found[0]} is not set"
        return default.removeprefix(":-")

    return re.sub(r"\$\{(?P<name>\w+)(?P<default>:[-?][^}]*)?\}", value, text)
