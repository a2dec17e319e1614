"""A writer that follows its sources, as a process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.cli import Desk
from support.process import environment

COMMAND = [sys.executable, "-c", "from tilewright_runtime.cli import main; main()", "write"]


@contextmanager
def following(desk: Desk, *options: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A process that follows; it is killed if a test did not end it."""
    arguments = [str(desk.plan), "--store", desk.store, "--follow", *map(str, options)]
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
