"""Files of events: formats, compression and first lines."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

#: How the names of files end, and the family of formats that each belongs to.
_FAMILIES = {
    ".csv": "delimited",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".tsv": "delimited",
}
#: Formats of text, and what separates the fields of those that have fields.
_TEXTS = {".csv": ",", ".tsv": "\t", ".json": "", ".jsonl": "", ".ndjson": ""}
#: Endings of compressed files, and the codecs that read them.
_CODECS = {".gz": "gzip", ".zst": "zstd"}
#: What separates fields where it is not what was expected.
_DELIMITERS = (";", "\t", "|", ",")
#: What does so too, but also stands in names: told by the columns that are wanted.
_RARE_DELIMITERS = (" ", ":")
#: A first record that is longer names no columns.
_LONGEST_HEADER_BYTES = 1 << 20
#: Lines over which a name in quotes may go; after more it is a quote that is never closed.
_MOST_HEADER_LINES = 20
_OTHER_ENCODINGS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: A number, a day or a moment: hardly the name of a column.
_VALUE = re.compile(r"\s*[-+]?[0-9][0-9.]*([-:/T ][0-9][0-9:./-]*)*Z?\s*")


class FileError(ValueError):
    """A file of which no events can be read.

    The message says why, and what to do.
    """


@dataclass(frozen=True)
class FileFormat:
    """How a file is read, as its name says."""

    ending: str
    codec: str | None

    @property
    def family(self) -> str:
        """The family of formats that are read in one way."""
        return _FAMILIES[self.ending]

    def delimiter(self, declared: str | None) -> str:
        """Choose what separates the fields of a CSV file.

        It is what the source declares, if it does.
        """
        return declared or _TEXTS[self.ending] or ","

    def is_json_array(self, text: io.BufferedReader) -> bool:
        """Tell whether the file is one array of objects.

        Only `.json` may be; otherwise each line is an object.
        """
        if self.ending != ".json":
            return False
        return text.peek(64).removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"["


def format_of(path: str | Path) -> FileFormat | None:
    """Tell the format of a file by its name.

    None if the name does not tell it.

    >>> format_of("clicks.csv.gz")
    FileFormat(ending='.csv', codec='gzip')
    """
    file = Path(path)
    codec = _CODECS.get(file.suffix.lower())
    ending = Path(file.stem if codec else file.name).suffix.lower()
    if ending not in (_FAMILIES if codec is None else _TEXTS):
        return None
    return FileFormat(ending, codec)


def format_names() -> str:
    """Say how the names of files of events end."""
    whole = ", ".join(sorted(_FAMILIES.keys() - _TEXTS.keys()))
    return (
        f"files end in {', '.join(sorted(_FAMILIES))}, and all but {whole} may be compressed "
        f"({', '.join(_CODECS)})"
    )


def text_of(raw: io.BufferedReader, codec: str | None) -> io.BufferedReader:
    """Read an open file's text, decompressed if it is compressed.

    Raises FileError if it is text of an encoding that is not read, and OSError if it is damaged.
    """
    text = raw
    if codec is not None:
        import pyarrow as pa

        text = io.BufferedReader(pa.CompressedInputStream(raw, codec))
    if text.peek(2)[:2] in _OTHER_ENCODINGS:
        raise FileError("is UTF-16 text. Save the file as UTF-8.")
    return text


@dataclass(frozen=True)
class CsvHeader:
    """The first record of a CSV file.

    It has the names of the columns and what separates them.
    """

    record: bytes
    names: list[str]
    delimiter: str

    def guess(self, wanted: Collection[str] = ()) -> str:
        """Say what a file without the columns may be instead.

        The answer is empty if nothing is known.

        >>> CsvHeader(b"user;price", ["user;price"], ",").guess()
        "Are its fields separated by ';'? Say delimiter=';' in its source."
        """
        text = self.record.decode("utf-8-sig").rstrip()
        for other in (*_DELIMITERS, *(_RARE_DELIMITERS if wanted else ())):
            try:
                names = {name.strip() for name in _split(text, other)}
            except csv.Error:
                continue
            if names.issuperset(wanted) if wanted else len(names) > len(self.names) == 1:
                if other == self.delimiter:
                    return "Its names have spaces around them. Take these out."
                return (
                    f"Are its fields separated by {other!r}? Say delimiter={other!r} in its source."
                )
        if any(map(_VALUE.fullmatch, self.names)):
            return "Is its first line data? A CSV file begins with a line that names its columns."
        return ""


def read_csv_header(text: BinaryIO, delimiter: str) -> CsvHeader:
    """Read the first record of a CSV file.

    A name in quotes may go over several lines.

    Raises FileError if it names no columns.
    """
    record = text.readline(_LONGEST_HEADER_BYTES)
    for _ in range(_MOST_HEADER_LINES):
        if not _is_open(record, delimiter):
            break
        record += text.readline(_LONGEST_HEADER_BYTES)
    if not record:
        raise FileError("is empty; a CSV file begins with a line that names its columns.")
    if len(record) >= _LONGEST_HEADER_BYTES and b"\r" not in record:
        raise FileError("its first line goes on for a megabyte, and names no columns. Is it CSV?")
    try:
        names = _split(record.decode("utf-8-sig"), delimiter)
    except UnicodeDecodeError:
        raise FileError("its first line is not UTF-8 text. Save the file as UTF-8.") from None
    except csv.Error as wrong:
        if b"\r" in record.rstrip(b"\r\n"):
            raise FileError(
                "its lines end with a carriage return alone. Save the file with line feeds (LF)."
            ) from None
        raise FileError(f"its first line names no columns ({wrong}). Mend that line.") from None
    if not names:
        raise FileError("its first line is empty; a CSV file begins with the names of its columns.")
    return CsvHeader(record, names, delimiter)


def _split(text: str, delimiter: str, strict: bool = False) -> list[str]:
    lines = io.StringIO(text, newline="\n")
    return next(csv.reader(lines, delimiter=delimiter, strict=strict), [])


def _is_open(record: bytes, delimiter: str) -> bool:
    """Tell whether a quote goes on to the next line."""
    if b'"' not in record:
        return False
    try:
        _split(record.decode("utf-8-sig", "replace"), delimiter, strict=True)
    except csv.Error as wrong:
        return "unexpected end" in str(wrong)
    return False
