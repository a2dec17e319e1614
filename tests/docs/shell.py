"""The shell of a reader: what a command exports, and where it goes, holds for the next ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from docs.pages import ROOT
from support.pytests import QUICK

#: The sources of the three wings.
WINGS = ("dsl", "compiler", "runtime")
#: What an installed package registers by itself; here it is only on the path.
_PLUGIN = "tilewright_runtime.testing.plugin"
#: Variables that a shell sets by itself.
_OF_SHELLS = ("_", "SHLVL", "OLDPWD")


class Shell:
    """A shell in a folder, with the commands of a virtual environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = _environment(folder)
        self.status = 0
        self._after = folder.parent / f"{folder.name}-after"

    def run(self, command: str) -> list[str]:
        """Run a command to its end, and give what it printed."""
        note = f'"{self._after}"'
        done = subprocess.run(
            [
                "bash",
                "-c",
                f"(exit {self.status}); {command}\n_status=$?; env -0 > {note}; exit $_status",
            ],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        self.status = done.returncode
        self._take_over()
        return done.stdout.decode().splitlines()

    def _take_over(self) -> None:
        """Keep the variables and the folder that the last command left."""
        if not self._after.exists():  # it ended the shell
            return
        entries = self._after.read_text().split("\0")
        self._after.unlink()
        found = dict(entry.split("=", 1) for entry in entries if entry)
        self.folder = Path(found["PWD"])
        self.environment = {name: value for name, value in found.items() if name not in _OF_SHELLS}

    def words(self, command: str) -> list[str]:
        """Give the words of a command as the shell passes them on."""
        printed = subprocess.run(
            ["bash", "-c", f"printf '%s\\0' {command}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            check=True,
        )
        return printed.stdout.decode().split("\0")[:-1]


def _environment(folder: Path) -> dict[str, str]:
    """Give the environment of a reader's shell, with lines of 110 characters."""
    clone = folder if (folder / WINGS[0]).is_dir() else ROOT
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTEST", "COV", "FORCE_COLOR"))
    }
    return kept | {
        "PATH": f"{_commands(folder)}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(str(clone / root) for root in WINGS),
        "COLUMNS": "110",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }


def _commands(folder: Path) -> Path:
    """Make the folder of the commands of a virtual environment."""
    made = folder.parent / f"{folder.name}-bin"
    made.mkdir()
    modules = {
        "tilewright": "-m tilewright_runtime.cli",
        "pytest": f"-m pytest {' '.join(QUICK)} -p {_PLUGIN}",
        "python": "",
        "python3": "",
    }
    for command, arguments in modules.items():
        script = made / command
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        script.chmod(0o755)
    return made
