"""A job in a process of its own: its exit status is ours, and Ctrl-C is its to answer."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

#: What a shell gives a process that a signal has ended.
_SIGNALLED = 128


def status_of(command: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
    """Runs a command to its end and returns its exit status.

    Raises FileNotFoundError if there is no such program.
    """
    with subprocess.Popen(command, env=environment) as process:
        while process.poll() is None:
            # The terminal has sent the signal to the job too, which stops in its own way and time.
            with suppress(KeyboardInterrupt):
                process.wait()
    return process.returncode if process.returncode >= 0 else _SIGNALLED - process.returncode
