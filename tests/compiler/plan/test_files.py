"""Files of events: their formats by name, and what the first line of CSV says."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tilewright_compiler.plan.files import (
    CsvHeader,
    FileError,
    FileFormat,
    format_of,
    read_csv_header,
    text_of,
)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.csv", FileFormat(".csv", None)),
        ("A.CSV.GZ", FileFormat(".csv", "gzip")),
        ("a.b/c.d.jsonl.zst", FileFormat(".jsonl", "zstd")),
        ("a.parquet", FileFormat(".parquet", None)),
        ("a.parquet.gz", None),
        ("a.gz", None),
        ("shop.clicks", None),
        ("csv", None),
    ],
)
def test_a_name_tells_the_format(name: str, wanted: FileFormat | None) -> None:
    """The ending before that of a compression is the format's, in any case."""
    assert format_of(name) == wanted


@pytest.mark.parametrize(
    ("name", "declared", "wanted"),
    [("a.csv", None, ","), ("a.tsv", None, "\t"), ("a.csv", ";", ";"), ("a.tsv", ";", ";")],
)
def test_a_source_may_name_its_delimiter(name: str, declared: str | None, wanted: str) -> None:
    """Without a word of the source it is a comma, and in `.tsv` a tab."""
    kind = format_of(name)
    assert kind is not None
    assert kind.delimiter(declared) == wanted


def header(record: bytes, delimiter: str = ",") -> CsvHeader:
    """The header of a CSV file."""
    return read_csv_header(io.BytesIO(record + b"1,2,3\n"), delimiter)


@pytest.mark.parametrize(
    ("record", "names"),
    [
        (b"\xef\xbb\xbfa,b\r\n", ["a", "b"]),
        (b'"a, b",c\n', ["a, b", "c"]),
        (b'"two\nlines",b\n', ["two\nlines", "b"]),
        (b'width 5",b\n', ['width 5"', "b"]),
        (b",a\n", ["", "a"]),
    ],
)
def test_a_header_names_the_columns(record: bytes, names: list[str]) -> None:
    """It is a record as others are: quotes hold commas and newlines, and a BOM is none of it."""
    assert header(record) == CsvHeader(record, names, ",")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("k,größe\n".encode("latin-1"), "its first line is not UTF-8 text"),
        (b"k,n\ra,1\r", "its lines end with a carriage return alone"),
        (b"k,n\ra,1\r" * (1 << 18), "its lines end with a carriage return alone"),
        (b"\n", "its first line is empty"),
        (b"x" * (1 << 20), "goes on for a megabyte"),
    ],
)
def test_what_is_no_header_says_why(record: bytes, reason: str) -> None:
    """A first line of another encoding, line end or length is an error that says so."""
    with pytest.raises(FileError, match=reason):
        header(record)


@pytest.mark.parametrize(
    ("record", "wanted", "guess"),
    [
        (b"k;n;ts\n", [], "separated by ';'"),
        (b"k;n;ts\n", ["k", "ts"], "separated by ';'"),
        (b"k\tn\tts\n", ["ts"], r"separated by '\t'"),
        (b"k n ts\n", ["k", "ts"], "separated by ' '"),
        (b"k:n:ts\n", ["ts"], "separated by ':'"),
        (b"created at:\n", [], ""),
        (b"k, n, ts\n", ["k", "n"], "have spaces around them"),
        (b"a,1,2024-03-01T10:00:00Z\n", ["k"], "Is its first line data?"),
        (b"a,05/20/1987,\n", [], "Is its first line data?"),
        (b"k,n,ts\n", ["price"], ""),
        (b"user-id,1st choice,q2-2024 total\n", ["price"], ""),
    ],
)
def test_a_header_without_the_columns_is_guessed_at(
    record: bytes, wanted: list[str], guess: str
) -> None:
    """Another delimiter, spaces and a line of data are told by their looks."""
    said = header(record).guess(wanted)
    assert (guess in said, bool(said)) == (True, bool(guess))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_told_by_its_mark(tmp_path: Path, encoding: str) -> None:
    """Its first two bytes are the byte order mark, of either order."""
    path = tmp_path / "events.csv"
    path.write_bytes("\ufeffk,n".encode(encoding))
    with path.open("rb") as raw, pytest.raises(FileError, match="is UTF-16 text"):
        text_of(raw, None)
