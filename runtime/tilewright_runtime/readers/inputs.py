"""Inputs: paths, globs and standard input.

The reader that fits each is chosen here.
"""

from __future__ import annotations

import codecs
import glob
import importlib
import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader, BytesIO, UnsupportedOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tilewright_compiler.plan.files import FileFormat, format_names, format_of
from tilewright_compiler.plan.model import Source

from ..errors import InputError
from .batch import Batch, Position
from .conform import conform
from .stream import Opened, text_in

Read = Callable[[Source, Position], Iterator[Batch]]

STANDARD_INPUT = "-"


def _always() -> bool:
    return True


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
    partition: int | None = None
    """Its number, if it is one of several parts of a stream, each with a watermark of its own."""
    is_begun: Callable[[], bool] = _always
    """Whether there is something to read yet, in an input that grows."""
    grows: bool = False
    """Whether lines may be appended to a file while it is read."""

    def beginning(self, source: Source) -> str:
        """Digest the first rows of a file.

        The digest is empty if it has none or is no file.
        """
        kind = None if self.path is None else format_of(self.path)
        try:
            if kind is None:
                return ""
            digest: str = _reader(kind).beginning(self.path, kind, source, self.grows)
            return digest
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

    def end(self, source: Source, most: int) -> Position | None:
        """Find the position after the last row.

        None if there is no row, if the position is beyond `most`, or if it cannot be read.
        """
        last = None
        try:
            for batch in self.read(source, Position(self.uri)):
                last = batch.position
                if last.offset > most:
                    return None
        except InputError:
            return None  # reading it says why
        return last

    def at(self, uri: str) -> Input:
        """Open the file of another position."""
        path = Path(url2pathname(urlsplit(uri).path))
        return open_input(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)

    def is_link_to(self, uri: str) -> bool:
        """Tell whether another name is one of the same file."""
        other = self.at(uri).path
        return bool(self.path and other and other.exists() and self.path.samefile(other))

    def batches(self, source: Source, position: Position) -> Generator[Batch, None, None]:
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
    inputs: dict[str, Input] = {}
    for pattern in patterns:
        if pattern == STANDARD_INPUT:
            item = _standard_input(position_name)
            inputs[item.uri] = item
            continue
        paths = [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern, recursive=True))
        if not paths:
            raise InputError(
                f"{pattern}: no such file, and no file matches it. Paths are relative to "
                f"{Path.cwd()}."
            )
        for path in paths:
            item = open_input(path)
            inputs[item.uri] = item
    return list(inputs.values())


def open_input(path: str | Path, grows: bool = False) -> Input:
    """Make the input that a file is.

    Its format is told by its ending. `grows` says that lines may be appended to it while it is
    read. Raises InputError for an unknown format.
    """
    file = Path(path)
    if os.path.isdir(file):
        raise InputError(f"{path}: is a folder. Name its files, for instance {file}/*.parquet")
    if os.path.exists(file) and not os.path.isfile(file):
        raise InputError(
            f"{path}: is a pipe or a device, which can be read only once. Send it to standard "
            "input: --events - --position NAME."
        )
    kind = format_of(file)
    if kind is None:
        raise InputError(f"{path}: {format_names()}; this one does not, so its format is unknown.")

    def read(source: Source, position: Position) -> Iterator[Batch]:
        yield from _reader(kind).read(file, kind, source, position, grows)

    def is_begun() -> bool:
        if kind.codec is not None:
            return file.stat().st_size > 0
        begun: bool = _reader(kind).is_begun(file, kind)
        return begun

    uri = file.resolve().as_uri()
    return Input(str(path), uri, read, file, is_begun=is_begun, grows=grows)


def _standard_input(position_name: str | None) -> Input:
    uri = standard_input_uri(position_name)

    def read(source: Source, position: Position) -> Iterator[Batch]:
        with _open_standard_input() as stream:
            yield from read_piped(Opened(text_in(stream, None), _unknown), source, position)

    return Input("standard input", uri, read)


def _open_standard_input() -> BufferedReader:
    """Open what is piped in.

    Raises InputError if it is closed.
    """
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except UnsupportedOperation:  # a program that runs the command gives it so
        return BufferedReader(BytesIO(sys.stdin.buffer.read()))
    except (AttributeError, ValueError, OSError):
        raise InputError("is closed: pipe the events in, or name a file.") from None


def standard_input_uri(position_name: str | None) -> str:
    """Name the position of standard input.

    Raises InputError if it has no name.
    """
    if not position_name:
        raise InputError(
            "standard input needs --position NAME: under that name the store remembers how much "
            "of it was read, so that sending it again adds nothing twice."
        )
    return f"stdin:{position_name}"


def read_piped(opened: Opened, source: Source, position: Position) -> Iterator[Batch]:
    """Read text without a name.

    Its content tells the format.
    """
    is_json = opened.stream.peek(64).removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"[")
    kind = FileFormat(".json" if is_json else ".csv", None)
    yield from _reader(kind).read_text(opened, kind, source, position)


def _unknown(offset: int) -> float:
    """Tell that a pipe's progress is not known."""
    return 0.0


def _reader(kind: FileFormat) -> Any:
    """Find the module that reads a format."""
    return importlib.import_module(f".formats.{kind.family}", __package__)
