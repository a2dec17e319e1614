"""Inputs: paths, globs and standard input.

The reader that fits each is chosen here.
"""

from __future__ import annotations

import codecs
import glob
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from xxhash import xxh3_128

from tilewright_compiler.plan.files import (
    FileError,
    FileFormat,
    format_names,
    format_of,
    text_of,
)
from tilewright_compiler.plan.model import Source

from ..errors import InputError
from .batch import Batch, Position
from .conform import conform
from .stream import Opened

Read = Callable[[Source, Position], Iterator[Batch]]

STANDARD_INPUT = "-"

#: Bytes of a line by which a file is known again.
_LONGEST_LINE = 1 << 16


@dataclass(frozen=True)
class Input:
    """One input of events.

    It has a name for messages, the URI that its position belongs to, and a way to read it.
    """

    name: str
    uri: str
    read: Read
    path: Path | None = None
    """The file; none for tables and standard input."""

    def beginning(self, source: Source) -> str:
        """Digest the first rows of a file.

        The digest is empty if it has none or is no file.
        """
        try:
            return "" if self.path is None else _beginning(self.path, source)
        except InputError:
            return ""  # reading it says why

    def holds(self, source: Source, position: Position) -> bool:
        """Tell whether an input begins as was read before.

        That is all that was read up to a position.
        """
        batches = self.read(source, position)
        try:
            next(batches, None)
        except InputError:
            return False
        return True

    def at(self, uri: str) -> Input:
        """Open the file of another position."""
        path = Path(url2pathname(urlsplit(uri).path))
        return open_input(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)

    def is_link_to(self, uri: str) -> bool:
        """Tell whether another name is one of the same file."""
        other = self.at(uri).path
        return bool(self.path and other and other.exists() and self.path.samefile(other))

    def batches(self, source: Source, position: Position) -> Iterator[Batch]:
        """Read the batches after a position.

        Their types are those that the plan's SQL takes. An InputError names the input.
        """
        try:
            for batch in self.read(source, position):
                yield conform(batch, source)
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from error.__cause__


def find_inputs(patterns: Sequence[str], position_name: str | None = None) -> list[Input]:
    """Find the inputs that paths and globs name.

    Each comes once, in order; `-` is standard input. Raises InputError for a pattern that matches
    nothing, and for standard input without a name for its position.
    """
    found: dict[str, Input] = {}
    for pattern in patterns:
        if pattern == STANDARD_INPUT:
            item = _standard_input(position_name)
            found[item.uri] = item
            continue
        paths = [pattern] if Path(pattern).exists() else sorted(glob.glob(pattern, recursive=True))
        if not paths:
            raise InputError(
                f"{pattern}: no such file, and no file matches it. Paths are relative to "
                f"{Path.cwd()}."
            )
        for path in paths:
            item = open_input(path)
            found[item.uri] = item
    return list(found.values())


def open_input(path: str | Path) -> Input:
    """Make the input that a file is.

    Its format is told by its ending. Raises InputError for an unknown one.
    """
    file = Path(path)
    if file.is_dir():
        raise InputError(f"{path}: is a folder. Name its files, for instance {file}/*.parquet")
    if file.exists() and not file.is_file():
        raise InputError(
            f"{path}: is a pipe or a device, which can be read once only. Send it to standard "
            "input: --events - --position NAME."
        )
    kind = format_of(file)
    if kind is None:
        raise InputError(f"{path}: {format_names()}; this one does not, so its format is unknown.")

    def read(source: Source, position: Position) -> Iterator[Batch]:
        yield from _read_file(file, kind, source, position)

    return Input(str(path), file.resolve().as_uri(), read, file)


def _standard_input(position_name: str | None) -> Input:
    if not position_name:
        raise InputError(
            "standard input needs --position NAME: under that name the store remembers how much "
            "of it was read, "
            "so that sending it again adds nothing twice."
        )

    def read(source: Source, position: Position) -> Iterator[Batch]:
        with open(sys.stdin.fileno(), "rb", closefd=False) as stream:
            text = _text(stream, None)
            is_json = text.peek(64).removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"[")
            kind = FileFormat(".json" if is_json else ".csv", None)
            yield from _read_text(Opened(text, lambda offset: 0.0), kind, source, position)

    return Input("standard input", f"stdin:{position_name}", read)


def _read_file(path: Path, kind: FileFormat, source: Source, position: Position) -> Iterator[Batch]:
    if kind.ending == ".parquet":
        from .columns import read_parquet

        yield from read_parquet(path, _names(source), position)
        return
    with _opened(path, kind) as opened:
        yield from _read_text(opened, kind, source, position)


def _read_text(
    opened: Opened, kind: FileFormat, source: Source, position: Position
) -> Iterator[Batch]:
    from .comma_separated import read_csv
    from .json_array import read_json_array
    from .json_lines import read_json_lines

    if kind.is_csv:
        delimiter = kind.delimiter(source.delimiter)
        yield from read_csv(opened, _names(source), position, delimiter)
    elif kind.is_json_array(opened.stream):
        yield from read_json_array(opened, source.columns, position)
    else:
        yield from read_json_lines(opened, source.columns, position)


def _beginning(path: Path, source: Source) -> str:
    kind = format_of(path)
    if kind is None or kind.ending == ".parquet":
        from .columns import first_row

        return first_row(path, _names(source))
    with _opened(path, kind) as opened:
        lines = [opened.stream.readline(_LONGEST_LINE).rstrip(b"\r\n") for _ in range(2)]
    lines = lines if kind.is_csv else lines[:1]
    return xxh3_128(b"\n".join(lines)).hexdigest() if all(lines) else ""


def _names(source: Source) -> list[str]:
    return [column.name for column in source.columns]


@contextmanager
def _opened(path: Path, kind: FileFormat) -> Iterator[Opened]:
    """A file's text, decompressed where its ending says so."""
    try:
        raw = path.open("rb")
    except OSError as wrong:
        raise InputError(f"cannot be opened ({wrong.strerror}).") from wrong
    with raw:
        size = max(path.stat().st_size, 1)
        text = _text(raw, kind.codec)
        yield Opened(text, lambda offset: raw.tell() / size if kind.codec else offset / size)


def _text(raw: io.BufferedReader, codec: str | None) -> io.BufferedReader:
    try:
        return text_of(raw, codec)
    except FileError as wrong:
        raise InputError(str(wrong)) from None
    except OSError as wrong:
        raise InputError(f"cannot be read ({wrong}). Is it whole?") from wrong
