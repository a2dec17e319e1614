"""pytest in a process of its own, as an author runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Options without a cache, and without a plugin of our own tools, which takes seconds to import.
QUICK = ("-p", "no:cacheprovider", "-p", "no:schemathesis")


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the tests of a folder with the plugin, installed or not."""
    roots = os.pathsep.join(str(ROOT / wing) for wing in ("dsl", "compiler", "runtime"))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tilewright_runtime.testing.plugin",
        *QUICK,
        *arguments,
    ]
    outside = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")
    }  # of the run that this one is part of
    environment = {**outside, "PYTHONPATH": roots, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
