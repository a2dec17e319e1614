"""Commands that serve or follow until they are ended: seen at work, then ended by SIGTERM."""

from __future__ import annotations

import re
import signal
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import click
import httpx

from docs.shell import Shell
from support.servers import end_with_parent
from support.waiting import wait_until
from tilewright_runtime import Fetcher, load_plan, open_store
from tilewright_runtime.cli import main
from tilewright_runtime.errors import TilewrightError


class Asked(NamedTuple):
    """A question about the events of a page, with its answer."""

    keys: dict[str, str]
    at: str
    feature: str
    value: Any


_AT = "2024-01-04T14:37:25Z"
_CARD = Asked({"card": "c1"}, "2024-01-04T14:37:00Z", "amount_count_10m", 4)
#: What a service is asked, by its plan.
SERVED = {
    "clicks.by_user": Asked({"user_id": "ana"}, _AT, "amount_sum_1h", 20.0),
    "habits.by_user": Asked({"user_id": "ana"}, _AT, "price_sum_12h", 13.75),
    "cards.by_card": _CARD,
}
#: What a store is asked that a topic is written into: of an event that only the topic has.
FOLLOWED = {
    "clicks.by_user": Asked({"user_id": "eve"}, _AT, "amount_sum_1h", 21.0),
    "clicks.user_clicks": Asked({"user_id": "ann"}, "2024-01-04T12:00:00Z", "amount_sum_1d", 14.0),
    "cards.by_card": _CARD,
}
#: What serves, follows, or reads a topic without an end.
_STAYING = (
    r"tilewright serve (?!.*--export)",
    r"^tilewright write .*--follow",
    r"^tilewright spark-job .*--stream",
    r"^tilewright flink-job (?!.*--events)",
)
#: How long a command may take to do its work, on a machine with much else to do.
_PATIENCE_S, _PATIENCE_OF_ENGINES_S = 90, 600
#: The name in the certificate that the pages make.
_NAME = "features.internal"


def stays(command: str) -> bool:
    """Tell whether a command runs until it is ended."""
    return any(re.search(pattern, command) for pattern in _STAYING)


class Staying:
    """A running command."""

    def __init__(self, command: str, shell: Shell, log: Path) -> None:
        words = shell.words(command)
        self._options = _options(words[1:])
        self._variables = shell.environment
        self._serves = words[1] == "serve"
        self._is_job = words[1].endswith("-job")
        self._log = log
        with log.open("wb") as said:
            self._process = subprocess.Popen(
                words,
                cwd=shell.folder,
                env=shell.environment,
                stdout=said,
                stderr=said,
                preexec_fn=end_with_parent,
            )

    def see(self) -> None:
        """Wait until it has done its work on the events of the page."""
        if self._serves:
            self._see_answers()
        else:
            self._see_tiles()

    def end(self) -> None:
        """End it; its status has to be 0, or that of a shell for a job."""
        self._says()
        self._process.send_signal(signal.SIGTERM)
        status = 128 + signal.SIGTERM if self._is_job else 0
        assert self._process.wait(90) == status, self._log.read_text()

    def kill(self) -> None:
        """End it at once, where something has failed."""
        self._process.kill()
        self._process.wait()

    def _says(self) -> str:
        """Give what it has printed; it must not have ended."""
        said = self._log.read_text()
        assert self._process.poll() is None, f"it ended:\n{said}"
        return said

    def _see_tiles(self) -> None:
        """Ask the store for what only the topic has, and the metrics for how much was written."""
        (path,) = self._options["plans"]
        url, asked, plan = self._options["store_url"], FOLLOWED[Path(path).name], load_plan(path)

        def holds() -> bool:
            self._says()
            with suppress(TilewrightError):
                store = open_store(url, create=False)
                try:
                    found = Fetcher(plan, store).fetch(asked.keys, at=asked.at).features
                finally:
                    store.close()
                return bool(found[asked.feature] == asked.value)
            return False

        patience_s = _PATIENCE_OF_ENGINES_S if self._is_job else _PATIENCE_S
        wait_until(holds, f"{url} has {asked}", patience_s)
        if self._options["metrics"] is not None:
            host, port = self._options["metrics"]
            assert "tilewright_tiles_written_total" in httpx.get(f"http://{host}:{port}/").text

    def _see_answers(self) -> None:
        """Ask for each plan what the page's events say, with the token and without."""
        service = self._client()
        name = {"sni_hostname": _NAME}  # the certificate's, at the address of this machine
        assert service.get("/ping", extensions=name).status_code == 200
        for plan in (Path(path).name for path in self._options["plans"]):
            path, asked = f"/v1/features/groupby/{plan}", SERVED[plan]
            body = {"keys": [asked.keys], "at": asked.at, "features": [asked.feature]}

            def holds(path: str = path, body: Any = body, asked: Asked = asked) -> bool:
                self._says()
                answer = service.post(path, json=body, extensions=name).json()
                features = [row.get("features") for row in answer.get("results", [])]
                return features == [{asked.feature: asked.value}]

            wait_until(holds, f"{plan} answers {asked}")
            if "authorization" in service.headers:
                wrong = {"authorization": "Bearer wrong"}
                refused = service.post(path, json=body, headers=wrong, extensions=name)
                assert refused.status_code == 401
        if self._options["cache_folder"] is not None:
            assert any(self._options["cache_folder"].iterdir())

    def _client(self) -> httpx.Client:
        """Give a client of the service with a token, once it has told where it listens."""
        wait_until(lambda: "serving " in self._says(), "the service listens")
        (url,) = re.findall(r"^serving .* at (http\S+)$", self._says(), re.MULTILINE)
        tokens = self._options["token_file"]
        token = tokens.read_text().split()[0] if tokens else self._variables.get("TILEWRIGHT_TOKEN")
        certificate = self._options["tls_cert"]
        trust = ssl.create_default_context(cafile=certificate) if certificate else True
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=url, headers=headers, verify=trust, timeout=30)


def _options(arguments: list[str]) -> dict[str, Any]:
    """Give the options of one of our commands by their names."""
    context = click.Context(main)
    command = main.get_command(context, arguments[0])
    assert command is not None
    found = command.make_context(arguments[0], arguments[1:]).params
    if "arguments" in found:  # what goes to a job
        plan = found.get("plan") or f"compiled/{found['conf']}"
        url = found["arguments"][found["arguments"].index("--store") + 1]
        return {"plans": (plan,), "store_url": url, "metrics": None}
    return found
