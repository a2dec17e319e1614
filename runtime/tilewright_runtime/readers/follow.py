"""Inputs that grow: files, folders and pipes.

In folders, files appear.
"""

from __future__ import annotations

import glob
import io
import os
import select
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tilewright_compiler.plan.files import format_of
from tilewright_compiler.plan.model import Source

from ..errors import InputError
from .batch import Batch, Position
from .inputs import STANDARD_INPUT, Input, open_input, read_piped, standard_input_uri
from .stream import CHUNK_BYTES, Opened, text_in

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: What tells whether a file has changed: its inode, size and time of change.
Signature = tuple[int, int, int]

_PIPE_BYTES = 1 << 20


class Watched:
    """Files that patterns and folders name, now and later.

    A folder stands for all files in it whose format is known. Names that begin with a dot or an
    underscore are left alone there, as writers give such names to what is not whole.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [pattern for pattern in patterns if pattern != STANDARD_INPUT]
        for pattern in self._patterns:
            _require_format(pattern)
        self._inputs: dict[str, Input] = {}

    def __len__(self) -> int:
        return len(self._patterns)

    @property
    def is_ended(self) -> bool:
        """Whether nothing can come any more: files always may."""
        return False

    def now(self) -> list[Input]:
        """List the files that are there.

        Each comes once, in order of their names.
        """
        present: dict[str, Input] = {}
        for pattern in self._patterns:
            for path in _matches(pattern):
                item = self._inputs.get(path) or open_input(path, grows=True)
                present.setdefault(item.uri, item)
                self._inputs[path] = item
        return list(present.values())

    def give_up(self, item: Input) -> None:
        """Go on: a file that cannot be read may be mended."""

    def absent(self) -> list[str]:
        """List the patterns that match no file yet."""
        return [pattern for pattern in self._patterns if not _matches(pattern)]


def _require_format(pattern: str) -> None:
    """Refuse a file that could not be read.

    Raises InputError before the file is there.
    """
    if not Path(pattern).is_dir() and not glob.has_magic(pattern):
        open_input(pattern, grows=True)


def _matches(pattern: str) -> list[str]:
    if os.path.isdir(pattern):
        names = sorted(name for name in os.listdir(pattern) if name[0] not in "._")
        return [path for name in names if _is_known(path := os.path.join(pattern, name))]
    if os.path.exists(pattern):
        return [pattern]
    return [path for path in sorted(glob.glob(pattern, recursive=True)) if _is_known(path)]


def _is_known(path: str) -> bool:
    return format_of(path) is not None and os.path.isfile(path)


def signature(path: Path) -> Signature | None:
    """Read what tells whether a file has changed.

    None if it is not there.
    """
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def standard_input(position_name: str | None, descriptor: int) -> Input:
    """Make the input of a pipe still being written.

    Raises InputError without a name for its position.
    """
    uri = standard_input_uri(position_name)
    pipe = _Pipe(descriptor)

    def read(source: Source, position: Position) -> Iterator[Batch]:
        stream = text_in(io.BufferedReader(pipe), None)
        opened = Opened(stream, lambda offset: 0.0, lambda: not pipe.is_ended, is_pipe=True)
        yield from read_piped(opened, source, position)

    return Input("standard input", uri, read, is_begun=pipe.has_line)


class _Pipe(io.RawIOBase):
    """A pipe that is read without waiting for it.

    A read gives None while there is nothing.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._first = b""
        self.is_ended = False

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def has_line(self) -> bool:
        """Tell whether the first line is there.

        A last line without a newline counts where nothing more will come.
        """
        while b"\n" not in self._first and len(self._first) < CHUNK_BYTES:
            block = self._take(_PIPE_BYTES)
            if not block:
                return self.is_ended
            self._first += block
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        """Read what is there."""
        place = memoryview(buffer)
        block = self._first[: len(place)] or self._take(len(place))
        self._first = self._first[len(block) :]
        if not block and not self.is_ended:
            return None
        place[: len(block)] = block
        return len(block)

    def _take(self, count: int) -> bytes:
        if self.is_ended or not select.select([self._descriptor], [], [], 0)[0]:
            return b""
        try:
            block = os.read(self._descriptor, count)
        except OSError as wrong:
            raise InputError(f"cannot be read on ({wrong.strerror}).") from wrong
        self.is_ended = not block
        return block
