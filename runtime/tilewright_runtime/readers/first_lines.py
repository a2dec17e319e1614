"""A file's first lines, by which it is known again."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from xxhash import xxh3_128

from tilewright_compiler.plan.files import FileFormat

from .stream import open_text

#: Bytes of a line that are looked at.
_LONGEST_LINE = 1 << 16


def has_line(path: Path, kind: FileFormat) -> bool:
    """Tell whether a file's first line is whole."""
    with open_text(path, kind) as opened:
        return opened.stream.readline(_LONGEST_LINE)[-1:] == b"\n"


def digest_of_lines(path: Path, kind: FileFormat, count: int, grows: bool) -> str:
    """Digest a file's first lines; empty if there are fewer.

    Empty lines are none. Nor is the last line of a file that grows, since it may be half of one.
    """
    with open_text(path, kind) as opened:
        read = iter(lambda: opened.stream.readline(_LONGEST_LINE), b"")
        lines = list(islice((line for line in read if line.rstrip(b"\r\n")), count))
    if len(lines) < count:
        return ""
    if grows and not lines[-1].endswith(b"\n") and len(lines[-1]) < _LONGEST_LINE:
        return ""
    texts = [line.rstrip(b"\r\n") for line in lines]
    return xxh3_128(b"\n".join(texts)).hexdigest()
