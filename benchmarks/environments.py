"""Where the environments and servers are that the project's scripts make."""

from __future__ import annotations

import subprocess
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


def printed_by(script: str) -> str:
    """The line that a script of the project prints."""
    return subprocess.run(
        [str(SCRIPTS / script)], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()
