"""Lines and tables, laid out for a console's width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.console import Console, ConsoleOptions
from rich.segment import Segment

from tilewright_compiler.humanize import one_line

LABEL_WIDTH = 12
#: How far the cells below a name are indented.
_INDENT = 2
LEFT, RIGHT = "left", "right"
#: After these a word may be broken that is longer than a line.
_JOINTS = "_./,:(-"


class Lines:
    """Lines laid out for a console's width.

    rich's own tables take ten times as long, which adds up over many plans.
    """

    def __init__(self, console: Console) -> None:
        self.width = console.width
        self._lines: list[list[tuple[str, str]]] = []

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for line in self._lines:
            yield from (Segment(text, console.get_style(style)) for text, style in line)
            yield Segment.line()

    def heading(self, title: str) -> None:
        """Add a title after an empty line."""
        self._lines.append([])
        self.add(title, "bold")

    def add(self, text: str, style: str = "", indent: int = 0, hanging: int = 0) -> None:
        """Add a text, broken between words where needed.

        Its lines are indented, and those after the first one hang deeper.
        """
        room = self.width - indent - hanging
        first, *others = folded(one_line(text), room, first=self.width - indent)
        self._lines.append([(" " * indent + first, style)])
        for line in others:
            self._lines.append([(" " * (indent + hanging) + line, style)])

    def names(self, names: Iterable[str], indent: int = 0) -> None:
        """Add names, and break as few as can be."""
        line = ""
        for name in [one_line(name) for name in names]:
            joined = f"{line}, {name}" if line else name
            if line and cell_len(joined) >= self.width - indent:
                self.add(line + ",", indent=indent)
                joined = name
            line = joined
        self.add(line, indent=indent)

    def labelled(self, label: str, line: str, style: str) -> None:
        """Add a picture's line, cut at the console's edge."""
        room = self.width - LABEL_WIDTH - 1
        shown = set_cell_size(line.rstrip(), room).rstrip()
        self._lines.append([(f"{label:>{LABEL_WIDTH}} ", "dim"), (shown, style)])

    def table(
        self, sides: Sequence[str], head: Sequence[str], rows: Sequence[Sequence[str]]
    ) -> None:
        """Add rows of cells below a head.

        Where the console is too narrow, names stand on lines of their own above their other cells,
        which neighbours share if they are the same. What is too wide even then is folded.
        """
        cells: list[Sequence[str]] = [head]
        for row in rows:
            cells.append([one_line(cell) for cell in row])
        natural = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
        if sides[0] == RIGHT or sum(natural) + 2 * len(natural) - 2 <= self.width:
            widths = _fitted(natural, sides, self.width)
            self._columns(cells[:1], sides, widths, is_head=True)
            self._columns(cells[1:], sides, widths)
            return
        widths = _fitted(natural[1:], sides[1:], self.width - _INDENT)
        for index, (name, *rest) in enumerate(cells):
            for line in folded(name, self.width):
                self._lines.append([(line, "" if index else "dim")])
            if index == 0 or index + 1 == len(cells) or cells[index + 1][1:] != rest:
                self._columns([rest], sides[1:], widths, " " * _INDENT, is_head=index == 0)

    def _columns(
        self,
        cells: Sequence[Sequence[str]],
        sides: Sequence[str],
        widths: Sequence[int],
        indent: str = "",
        is_head: bool = False,
    ) -> None:
        """Add rows of cells that stand side by side."""
        for row in cells:
            parts = [folded(cell, width) for cell, width in zip(row, widths, strict=True)]
            for texts in zip_longest(*parts, fillvalue=""):
                line = indent + "  ".join(map(_aligned, texts, widths, sides))
                self._lines.append([(line.rstrip(), "dim" if is_head else "")])


def folded(text: str, width: int, first: int | None = None) -> list[str]:
    """Break a text into lines, at its spaces.

    A word that is longer than a line is broken too, after `_` or the like if it can be. `first` is
    the width of the first line, if it has another one.
    """
    room = width if first is None else first
    if cell_len(text) <= room:
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        while cell_len(joined) > room:
            # Only a word by itself is broken; one that is not the first moves to the next line.
            cut = len(line) or _joint(joined, room)
            lines.append(joined[:cut].rstrip())
            joined, line, room = joined[cut:].lstrip(), "", width
        line = joined
    return [*lines, line]


def _joint(word: str, width: int) -> int:
    """Find where to break too long a word."""
    head = chop_cells(word, max(width, 1))[0]
    return max(map(head.rfind, _JOINTS)) + 1 or len(head)


def _aligned(text: str, width: int, side: str) -> str:
    room = " " * (width - cell_len(text))
    return room + text if side == RIGHT else text + room


def _fitted(widths: list[int], sides: Sequence[str], room: int) -> list[int]:
    """Shrink columns until they fit a line.

    Two spaces stand after each column but the last. The widest column shrinks first; a column of
    numbers shrinks only if no other can.
    """
    fitted = [width + 2 for width in widths]
    fitted[-1] -= 2
    while sum(fitted) > max(room, 3 * len(fitted)):
        texts = [index for index, side in enumerate(sides) if side == LEFT and fitted[index] > 3]
        widest = max(texts or range(len(fitted)), key=fitted.__getitem__)
        fitted[widest] -= 1
    fitted[-1] += 2
    return [width - 2 for width in fitted]
