"""Finding inputs: paths, globs and standard input, and the reader that fits each."""

from __future__ import annotations

import codecs
import glob
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tilewright_compiler.plan.model import Column

from ..errors import InputError
from .batch import Batch, Position
from .conform import conform

Read = Callable[[Sequence[Column], Position, bool], Iterator[Batch]]

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Input:
    """One input: what it is called in messages, the URI that its position belongs to, and how it is
    read.
    """

    name: str
    uri: str
    read: Read
    """(columns, position, final) -> batches"""

    def batches(
        self, columns: Sequence[Column], position: Position, final: bool
    ) -> Iterator[Batch]:
        """The batches after a position; `final` says that an unterminated last line is whole.

        An InputError names the input.
        """
        try:
            for batch in self.read(columns, position, final):
                yield conform(batch, columns)
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from error.__cause__


def find_inputs(patterns: Sequence[str], position_name: str | None = None) -> list[Input]:
    """The inputs that paths and globs name, each once, in the order given; `-` is standard input.

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
    """The input that a file is; its kind is told by its ending.

    Raises InputError for an unknown one.
    """
    place = Path(path)
    reader = _READERS.get(place.suffix.lower())
    if place.is_dir():
        raise InputError(f"{path}: is a folder. Name its files, for instance {place}/*.parquet")
    if reader is None:
        raise InputError(
            f"{path}: files end in {', '.join(sorted(_READERS))}; this one does not, so its "
            "format is unknown."
        )
    return Input(
        str(path),
        place.resolve().as_uri(),
        lambda columns, position, final: reader(place, columns, position, final),
    )


def _standard_input(position_name: str | None) -> Input:
    if not position_name:
        raise InputError(
            "standard input needs --position NAME: under that name the store remembers how much "
            "of it was read, "
            "so that sending it again adds nothing twice."
        )

    def read(columns: Sequence[Column], position: Position, final: bool) -> Iterator[Batch]:
        from .comma_separated import read_csv
        from .json_lines import read_json_lines

        stream = io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))
        is_json = stream.peek(64).removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"{"
        if is_json:
            yield from read_json_lines(
                stream, _names(columns), position, 0, final, _has_decimals(columns)
            )
        else:
            yield from read_csv(stream, _names(columns), position, 0, final)

    return Input("standard input", f"stdin:{position_name}", read)


def _parquet(
    path: Path, columns: Sequence[Column], position: Position, final: bool
) -> Iterator[Batch]:
    from .columns import read_parquet

    yield from read_parquet(path, _names(columns), position)


def _csv(path: Path, columns: Sequence[Column], position: Position, final: bool) -> Iterator[Batch]:
    from .comma_separated import read_csv

    with _open(path) as stream:
        yield from read_csv(stream, _names(columns), position, path.stat().st_size, final)


def _json_lines(
    path: Path, columns: Sequence[Column], position: Position, final: bool
) -> Iterator[Batch]:
    from .json_lines import read_json_lines

    with _open(path) as stream:
        yield from read_json_lines(
            stream, _names(columns), position, path.stat().st_size, final, _has_decimals(columns)
        )


def _names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]


def _has_decimals(columns: Sequence[Column]) -> bool:
    return any(column.type.startswith("DECIMAL") for column in columns)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as wrong:
        raise InputError(f"cannot be opened ({wrong.strerror}).") from wrong


_READERS: dict[str, Callable[[Path, Sequence[Column], Position, bool], Iterator[Batch]]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_lines,
}
