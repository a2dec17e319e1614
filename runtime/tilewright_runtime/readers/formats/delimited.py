"""CSV and TSV files, with a line of names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tilewright_compiler.plan.files import FileFormat
from tilewright_compiler.plan.model import Source

from ..batch import Batch, Position
from ..comma_separated import read_csv
from ..first_lines import digest_of_lines, has_line
from ..stream import Opened, reading_files


def read_text(
    opened: Opened, kind: FileFormat, source: Source, position: Position
) -> Iterator[Batch]:
    """Read the batches of a text after a position."""
    return read_csv(opened, source.column_names, position, kind.delimiter(source.delimiter))


read = reading_files(read_text)


def beginning(path: Path, kind: FileFormat, source: Source, grows: bool) -> str:
    """Digest header and first row, by which copies are known."""
    return digest_of_lines(path, kind, 2, grows)


def is_begun(path: Path, kind: FileFormat) -> bool:
    """Tell whether a growing file has a first line."""
    return has_line(path, kind)
