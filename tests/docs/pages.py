"""Pages of the documentation and the code blocks in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"```(?P<language>\w+)?(?: title=\"(?P<title>[^\"]+)\")?$")
_HERE_DOCUMENT = re.compile(r"<<-?\s*'?(\w+)'?")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that its title names, its text, and its first line's
    number in the page.
    """

    language: str
    title: str | None
    text: str
    line: int


@dataclass(frozen=True)
class Command:
    """One command of a console block, and what the page shows below it; `place` is where that
    stands in the block.
    """

    text: str
    output: list[str]
    place: int


def pages() -> list[Path]:
    """The README, everything below docs/, and what else has commands for readers."""
    beside = [ROOT / "CONTRIBUTING.md", ROOT / "examples/flights/README.md"]
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *beside]


def name(page: Path) -> str:
    """A page as messages name it."""
    return page.relative_to(ROOT).as_posix()


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    opened: tuple[str, str | None, int] | None = None
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if opened is None and (fence := _FENCE.fullmatch(line)):
            opened, lines = (fence["language"] or "", fence["title"], number + 1), []
        elif opened is None and line.startswith("```"):
            raise ValueError(f"line {number}: {line!r} opens no block that these tests know")
        elif opened is not None and line == "```":
            yield Block(opened[0], opened[1], "".join(part + "\n" for part in lines), opened[2])
            opened = None
        else:
            lines.append(line)
    if opened is not None:
        raise ValueError(f"line {opened[2]}: a block without an end")


def prose(text: str) -> str:
    """A page without its blocks."""
    kept, inside = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def commands(text: str) -> list[Command]:
    """The commands of a console block: lines after `$ `, with what a backslash or a here-document
    adds to them.
    """
    found: list[Command] = []
    lines = iter(enumerate(text.splitlines()))
    for place, line in lines:
        if not line.startswith("$ "):
            if not found:
                raise ValueError(f"a console block begins with {line!r}, not with a command")
            found[-1].output.append(line)
            continue
        command = [line.removeprefix("$ ")]
        while command[-1].endswith("\\"):
            place, line = next(lines)
            command.append(line)
        if end := _HERE_DOCUMENT.search(command[-1]):
            while line != end[1]:
                place, line = next(lines)
                command.append(line)
        found.append(Command("\n".join(command), [], place + 1))
    return found


def lines_of(text: str) -> list[str]:
    """The commands of a shell block: its lines, with what a backslash adds to them."""
    joined = re.sub(r"\\\n\s*", "", text)
    return [line for line in joined.splitlines() if line and not line.startswith("#")]
