"""A generated Flink job for a benchmark: a process of its own, ended with the block."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from environments import SCRIPTS, printed_by
from tilewright_compiler.output import load_targets, render
from tilewright_compiler.output import write as write_files
from tilewright_compiler.plan.model import Plan


@contextmanager
def running_job(
    folder: Path, made: Plan, arguments: Sequence[str]
) -> Iterator[subprocess.Popen[bytes]]:
    """The job of a plan, whose files go to a folder; a TimeoutError in the block shows what the job
    printed.
    """
    write_files(str(folder), render([made], load_targets(["flink"]).values()))
    command = [printed_by("flink-env"), str(folder / made.name / "flink" / "job.py"), *arguments]
    wings = os.pathsep.join(str(SCRIPTS.parent / wing) for wing in ("dsl", "compiler", "runtime"))
    with (folder / "job.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            env=os.environ | {"PYTHONPATH": wings},
            start_new_session=True,
        )
    try:
        yield process
        if process.poll():
            raise SystemExit((folder / "job.log").read_text())
    except TimeoutError:
        raise SystemExit((folder / "job.log").read_text()) from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
