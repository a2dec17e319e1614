"""Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tilewright_compiler.plan.files import FileFormat
from tilewright_compiler.plan.model import Source
from tilewright_compiler.plan.types import family

from ..batch import Batch, Position
from ..columns import first_row, read_parquet


def read(
    path: Path, kind: FileFormat, source: Source, position: Position, grows: bool = False
) -> Iterator[Batch]:
    """Read the batches of a file after a position.

    It ends with its footer, so it cannot grow while it is read.
    """
    texts = [column.name for column in source.columns if family(column.type) == "text"]
    return read_parquet(path, source.column_names, position, texts)


def beginning(path: Path, kind: FileFormat, source: Source, grows: bool) -> str:
    """Digest the first row, by which copies are known."""
    return first_row(path, source.column_names)


def is_begun(path: Path, kind: FileFormat) -> bool:
    """Tell whether a growing file may be read."""
    return path.stat().st_size > 0
