"""JSON files: an object a line, or an array."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tilewright_compiler.plan.files import FileFormat
from tilewright_compiler.plan.model import Source

from ..batch import Batch, Position
from ..first_lines import digest_of_lines, has_line
from ..json_array import digest_of_element, read_json_array
from ..json_lines import read_json_lines
from ..stream import Opened, open_text, reading_files


def read_text(
    opened: Opened, kind: FileFormat, source: Source, position: Position
) -> Iterator[Batch]:
    """Read the batches of a text after a position."""
    reader = read_json_array if kind.is_json_array(opened.stream) else read_json_lines
    return reader(opened, source, position)


read = reading_files(read_text)


def beginning(path: Path, kind: FileFormat, source: Source, grows: bool) -> str:
    """Digest the first object, by which copies are known.

    The first line of an array may be all of it, or a bracket.
    """
    with open_text(path, kind) as opened:
        if kind.is_json_array(opened.stream):
            return digest_of_element(opened.stream)
    return digest_of_lines(path, kind, 1, grows)


def is_begun(path: Path, kind: FileFormat) -> bool:
    """Tell whether a growing file has a first line.

    An array is read once it is whole, however many lines it has.
    """
    with open_text(path, kind) as opened:
        return kind.is_json_array(opened.stream) or has_line(path, kind)
