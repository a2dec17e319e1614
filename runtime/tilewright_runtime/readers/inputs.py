"""Finding inputs: paths, globs and standard input, and the reader that fits each."""

from __future__ import annotations

import codecs
import glob
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pyarrow as pa
from xxhash import xxh3_128

from tilewright_compiler.plan.model import Source

from ..errors import InputError
from .batch import Batch, Position
from .conform import conform
from .stream import Opened

Read = Callable[[Source, Position], Iterator[Batch]]

STANDARD_INPUT = "-"

#: Bytes of a line by which a file is known again.
_LONGEST_LINE = 1 << 16

#: Endings of compressed files, and the codecs that read them.
_CODECS = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True)
class Input:
    """One input: its name in messages, the URI that its position belongs to, how it is read."""

    name: str
    uri: str
    read: Read
    path: Path | None = None
    """The file; none for tables and standard input."""

    def beginning(self, source: Source) -> str:
        """Digest the first rows of a file; empty if it has none or is no file."""
        try:
            return "" if self.path is None else _beginning(self.path, source)
        except InputError:
            return ""  # reading it says why

    def holds(self, source: Source, position: Position) -> bool:
        """Tell whether an input begins with all that was read up to a position."""
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
        """Read the batches after a position, in types that the plan's SQL takes.

        An InputError names the input.
        """
        try:
            for batch in self.read(source, position):
                yield conform(batch, source)
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from error.__cause__


def find_inputs(patterns: Sequence[str], position_name: str | None = None) -> list[Input]:
    """Find the inputs that paths and globs name, each once, in order; `-` is standard input.

    Raises InputError for a pattern that matches nothing and for standard input without a name for
    its position.
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
    """Make the input that a file is; its kind is told by its ending.

    Raises InputError for an unknown one.
    """
    file = Path(path)
    if file.is_dir():
        raise InputError(f"{path}: is a folder. Name its files, for instance {file}/*.parquet")
    plain = file.with_suffix("") if file.suffix.lower() in _CODECS else file
    ending = plain.suffix.lower()
    if ending not in _READERS or (ending == ".parquet" and plain != file):
        raise InputError(
            f"{path}: files end in {', '.join(sorted(_READERS))}, and all but .parquet may be "
            f"compressed ({', '.join(_CODECS)}); this one does not, so its format is unknown."
        )

    def read(source: Source, position: Position) -> Iterator[Batch]:
        yield from _READERS[ending](file, source, position)

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
            opened = Opened(stream, lambda offset: 0.0)
            begin = stream.peek(64).removeprefix(codecs.BOM_UTF8).lstrip()[:1]
            reader = _json if begin in (b"{", b"[") else _csv
            yield from reader(opened, source, position)

    return Input("standard input", f"stdin:{position_name}", read)


def _read_parquet(path: Path, source: Source, position: Position) -> Iterator[Batch]:
    from .columns import read_parquet

    yield from read_parquet(path, _names(source), position)


def _read_csv(path: Path, source: Source, position: Position) -> Iterator[Batch]:
    with _opened(path) as opened:
        yield from _csv(opened, source, position)


def _read_tsv(path: Path, source: Source, position: Position) -> Iterator[Batch]:
    with _opened(path) as opened:
        yield from _csv(opened, source, position, "\t")


def _read_json_lines(path: Path, source: Source, position: Position) -> Iterator[Batch]:
    from .json_lines import read_json_lines

    with _opened(path) as opened:
        yield from read_json_lines(opened, source.columns, position)


def _read_json(path: Path, source: Source, position: Position) -> Iterator[Batch]:
    with _opened(path) as opened:
        yield from _json(opened, source, position)


def _csv(
    opened: Opened, source: Source, position: Position, delimiter: str = ","
) -> Iterator[Batch]:
    from .comma_separated import read_csv

    yield from read_csv(opened, _names(source), position, source.delimiter or delimiter)


def _json(opened: Opened, source: Source, position: Position) -> Iterator[Batch]:
    """Objects a line, or an array of them, as the first character says."""
    from .json_array import read_json_array
    from .json_lines import read_json_lines

    begin = opened.stream.peek(64).removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    reader = read_json_array if begin == b"[" else read_json_lines
    yield from reader(opened, source.columns, position)


def _beginning(path: Path, source: Source) -> str:
    if path.suffix.lower() == ".parquet":
        from .columns import first_row

        return first_row(path, _names(source))
    with _opened(path) as opened:
        lines = [opened.stream.readline(_LONGEST_LINE).rstrip(b"\r\n") for _ in range(2)]
    has_header = path.with_suffix("").suffix in (".csv", ".tsv") or path.suffix in (".csv", ".tsv")
    lines = lines if has_header else lines[:1]
    return xxh3_128(b"\n".join(lines)).hexdigest() if all(lines) else ""


def _names(source: Source) -> list[str]:
    return [column.name for column in source.columns]


@contextmanager
def _opened(path: Path) -> Iterator[Opened]:
    """A file's bytes, decompressed where its ending says so."""
    try:
        raw = path.open("rb")
    except OSError as wrong:
        raise InputError(f"cannot be opened ({wrong.strerror}).") from wrong
    with raw:
        size = max(path.stat().st_size, 1)
        codec = _CODECS.get(path.suffix.lower())
        if codec is None:
            yield Opened(raw, lambda offset: offset / size)
            return
        with closing(_decompressed(raw, codec)) as stream:
            yield Opened(stream, lambda offset: raw.tell() / size)


def _decompressed(raw: BinaryIO, codec: str) -> io.BufferedReader:
    return io.BufferedReader(pa.CompressedInputStream(raw, codec))


_READERS: dict[str, Callable[[Path, Source, Position], Iterator[Batch]]] = {
    ".parquet": _read_parquet,
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".json": _read_json,
}
