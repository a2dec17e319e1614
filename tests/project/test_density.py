"""`scripts/density`: the figures of a folder that was counted by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "density"

SOURCE = '''\
"""One."""

# A comment is no line of code.
f(x)


def g(y):
    return [[z for z in y] for _ in y]
'''


def _run(*arguments: str | Path) -> list[str]:
    command = [sys.executable, SCRIPT, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def _figures(lines: list[str]) -> dict[str, str]:
    named = {}
    for line in lines[1:14]:
        label, _, figure = line.rpartition(" ")
        named[label.strip()] = figure
    return named


def test_figures_are_those_counted_by_hand(tmp_path: Path) -> None:
    """Nodes, lines, comprehensions and entries of a small folder."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "one.py").write_text(SOURCE)
    (tmp_path / "py.typed").touch()
    found = _figures(_run(tmp_path))
    assert found["files"] == "1"
    assert found["lines"] == "8"
    assert found["lines of code"] == "4"
    # Module 1, docstring 2, f(x) 6, def with its argument 3, return with its lists 1 + 6 + 8.
    assert found["syntax nodes per line of code"] == "6.75"
    assert found["comprehensions and lambdas per 100 of them"] == "50.0"
    assert found["comprehensions with one inside"] == "1"
    assert found["files at the top"] == "1"
    assert found["entries at the top"] == "2"


def test_the_worst_are_named(tmp_path: Path) -> None:
    """A function that is too long is listed with its line."""
    body = "    x = 1\n" * 41
    (tmp_path / "one.py").write_text(f'"""One."""\n\n\ndef f():\n{body}')
    assert f"      42  {tmp_path}/one.py:4 f" in _run("--worst", "1", tmp_path)
