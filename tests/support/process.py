"""Other processes: the same Python with the same packages, and the command line as people call
it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def environment(**variables: str) -> dict[str, str]:
    """This process's environment with its import path and some variables more."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        **variables,
    }


def start(code: str, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """A running Python program with pipes for its input and output."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**variables),
    )


def tilewright(
    *arguments: str, stdin: bytes = b"", cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """`tilewright` with some arguments, in a process of its own."""
    command: Sequence[str] = [
        sys.executable,
        "-c",
        "from tilewright_runtime.cli import main; main()",
        *arguments,
    ]
    return subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        env=environment(**variables),
        cwd=cwd,
        timeout=120,
        check=False,
    )
