"""Generated Flink jobs in processes of their own, with the Python that has Flink."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Timer
from typing import Any

from support.everything import Event, tiles
from support.process import environment
from support.servers import end_with_parent
from tilewright_compiler.output import plan_text
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.targets import flink
from tilewright_runtime import open_store
from tilewright_runtime.errors import StoreError
from tilewright_runtime.tiles.header import SEQUENCE

_ROOT = Path(__file__).parents[2]
#: What Flink's Python finds: our sources, and not the libraries of the Python that runs the tests,
#: which are newer than its own.
PATHS = os.pathsep.join(str(_ROOT / wing) for wing in ("dsl", "compiler", "runtime"))
#: A JVM that lives for seconds gains nothing from its second compiler, from threads that collect
#: garbage, and from a check of the byte code of Flink's classes.
_JVM = (
    "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx1g "
    "-XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
)

#: How the last line of what a host prints begins.
_DONE = "done with "
_PATIENCE_S = 900


@cache
def python() -> str:
    """The Python that has Flink, made if it is not there; raises if it cannot be."""
    made = subprocess.run(
        [str(_ROOT / "scripts" / "flink-env")], stdout=subprocess.PIPE, text=True, check=True
    )
    return made.stdout.strip()


@dataclass(frozen=True)
class Ended:
    """How a job ended, and what it printed."""

    status: int
    output: str


class Job:
    """The files of a plan's job in a folder, and runs of it."""

    def __init__(self, folder: Path, plan: Plan, **settings: str) -> None:
        self.folder = folder
        (folder / "plan.json").write_text(plan_text(plan), encoding="utf-8")
        files = flink.files(plan)
        for path, text in files.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        sql = folder / "flink" / "job.sql"
        text = sql.read_text(encoding="utf-8")
        for name, value in settings.items():
            option = name.replace("__", "-").replace("_", ".")
            text = f"SET '{option}' = '{value}';\n" + text.replace(
                f"SET '{option}'", f"-- SET '{option}'"
            )
        sql.write_text(text, encoding="utf-8")

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """The running job."""
        command = [python(), str(self.folder / "flink" / "job.py"), *map(str, arguments)]
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_variables(self.folder),
            cwd=self.folder,
            start_new_session=True,
        )

    def run(self, *arguments: str | Path) -> Ended:
        """The job, until it ends."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=600)
        return Ended(process.returncode, output)

    def refused(self, folder: Path) -> list[dict[str, Any]]:
        """The rows of a folder that `--refused` named."""
        found = [
            path
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith((".", "_"))
        ]
        return [
            json.loads(line)
            for path in found
            for line in path.read_text(encoding="utf-8").splitlines()
        ]


class Host:
    """A process with Flink that runs jobs and queries, one after the other, in one JVM."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [python(), str(Path(__file__).with_name("programs") / "flink_host.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_variables(folder),
            cwd=folder,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )

    def run(self, job: Job, arguments: Iterable[str | Path]) -> Ended:
        """Run a job until it ends."""
        return self.run_script(job.folder, str(job.folder / "flink" / "job.py"), arguments)

    def run_script(self, folder: Path, script: str, arguments: Iterable[str | Path]) -> Ended:
        """Run a job's script in a folder until it ends."""
        asked = {"folder": str(folder), "job": script, "arguments": [*map(str, arguments)]}
        output, status = self._ask(asked)
        return Ended(int(status), output)

    def query(self, ddl: Sequence[str], queries: Sequence[str]) -> Any:
        """Give Flink's version and the rows of each query, or what it says against the query."""
        _, answers = self._ask({"ddl": ddl, "queries": queries})
        return json.loads(answers)

    def _ask(self, asked: Any) -> tuple[str, str]:
        """Give what was printed, and what the last line says of the result."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        patience = Timer(_PATIENCE_S, self.stop)
        patience.start()
        printed: list[str] = []
        for line in self._process.stdout:
            if line.startswith(_DONE):
                patience.cancel()
                return "".join(printed).removesuffix("\n"), line.removeprefix(_DONE).rstrip("\n")
            printed.append(line)
        raise AssertionError(f"Flink's process ended, or took too long:\n{''.join(printed)}")

    def stop(self) -> None:
        """End it with its JVM and its workers."""
        stop(self._process)


@contextmanager
def flink_host(folder: Path) -> Iterator[Host]:
    """Start a host that has ended when the block has."""
    host = Host(folder)
    try:
        yield host
    finally:
        host.stop()


def lines_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Events as JSON objects, a line each."""
    from support.events import text

    def plain(value: Any) -> Any:
        return value if isinstance(value, (str, bool, int, float)) or value is None else text(value)

    return [
        json.dumps({name: plain(value) for name, value in row.items()}, ensure_ascii=False)
        for row in rows
    ]


def to_lines(rows: Sequence[Mapping[str, Any]], path: Path, *more: str) -> Path:
    """Writes JSON Lines: events, then lines as they are."""
    path.write_text("".join(f"{line}\n" for line in [*lines_of(rows), *more]), encoding="utf-8")
    return path


def _variables(folder: Path) -> dict[str, str]:
    return environment(JVM_ARGS=_JVM, FLINK_LOG_DIR=str(folder), PYTHONPATH=PATHS)


def stop(process: subprocess.Popen[str]) -> None:
    """Kills a job with its JVM and its workers, as when a machine fails."""
    with suppress(ProcessLookupError):  # it ended by itself
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def await_events(
    plan: Plan, events: Sequence[Event], url: str, running: subprocess.Popen[str]
) -> None:
    """Waits until the coarsest tiles of a store hold as many events as these."""

    def held() -> int:
        try:
            store = open_store(url, create=False)
        except StoreError:
            return 0
        coarsest = tiles(plan, store, events, plan.levels[:1])
        store.close()
        return sum(int(block.rows[:, SEQUENCE].sum()) for _, _, block in coarsest)

    await_that(lambda: held() == len(events), running)


def await_checkpoint(folder: Path, running: subprocess.Popen[str]) -> None:
    """Waits until a checkpoint is complete that began after now; only the newest one is kept, and
    their numbers count up.
    """

    def newest() -> int:
        return max(
            (int(path.parent.name.removeprefix("chk-")) for path in folder.rglob("_metadata")),
            default=0,
        )

    before = newest()
    await_that(lambda: newest() >= before + 2, running)


def await_that(holds: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    """Waits until something holds, as long as the job runs."""
    end = time.monotonic() + 300
    while not holds():
        if running.poll() is not None or time.monotonic() > end:
            stop(running)
            raise AssertionError(running.communicate()[0])
        time.sleep(0.2)
