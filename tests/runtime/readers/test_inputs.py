"""Finding inputs: paths, globs, formats, and what is said of those that are not there."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest

from support.events import FILES
from support.plans import AT
from support.session import SCHEMA, Session, row
from tilewright_runtime.errors import InputError
from tilewright_runtime.readers import find_inputs, open_input


def test_a_glob_finds_its_files_in_order(tmp_path: Path) -> None:
    """The files of a pattern are read in the order of their names, each once, also if two patterns
    name it.
    """
    for name in ("b.csv", "a.csv", "c.jsonl"):
        (tmp_path / name).touch()
    found = find_inputs([f"{tmp_path}/*.csv", f"{tmp_path}/c.jsonl", f"{tmp_path}/a.csv"])
    assert [Path(item.name).name for item in found] == ["a.csv", "b.csv", "c.jsonl"]


def test_a_name_with_the_signs_of_a_glob_is_a_name(tmp_path: Path) -> None:
    """A file that is called `[1].csv` is found under its own name."""
    (tmp_path / "[1].csv").touch()
    assert len(find_inputs([f"{tmp_path}/[1].csv"])) == 1


def test_a_pattern_without_files_is_an_error(tmp_path: Path) -> None:
    """The error repeats the pattern and says what it is relative to."""
    with pytest.raises(
        InputError, match=r"\*.csv: no such file, and no file matches it. Paths are relative to"
    ):
        find_inputs([f"{tmp_path}/*.csv"])


def test_a_folder_is_an_error_with_advice(tmp_path: Path) -> None:
    """A folder is not a file; its files may be."""
    with pytest.raises(InputError, match=r"is a folder. Name its files"):
        open_input(tmp_path)


def test_an_unknown_ending_is_an_error_that_names_the_known_ones(tmp_path: Path) -> None:
    """The format is told by the ending, and the error says which there are."""
    (tmp_path / "events.txt").touch()
    with pytest.raises(
        InputError, match=r"files end in \.csv, \.json, \.jsonl, \.ndjson, \.parquet"
    ):
        open_input(tmp_path / "events.txt")


def test_standard_input_needs_a_name() -> None:
    """What was read of standard input can only be remembered under a name."""
    with pytest.raises(InputError, match="standard input needs --position NAME"):
        find_inputs(["-"])


def test_one_bad_file_does_not_stop_the_rest(tmp_path: Path) -> None:
    """The files before and after one that cannot be read are written, and the error is raised in
    the end.
    """
    for number in (1, 3):
        FILES[".csv"]([row("a", number)], SCHEMA, tmp_path / f"{number}.csv")
    (tmp_path / "2.parquet").write_bytes(b"PAR1")
    session = Session()
    with pytest.raises(InputError, match=r"2.parquet"):
        session.write([str(tmp_path / name) for name in ("1.csv", "2.parquet", "3.csv")])
    assert session.sums("a") == [4]


@pytest.mark.parametrize("events", [5, object()])
def test_what_is_no_table_is_an_error(events: object) -> None:
    """An object that is neither a path nor a table is refused with what may be given."""
    with pytest.raises(
        InputError, match="give a path, an Arrow table, a frame or a list of dictionaries"
    ):
        Session().write(events)


@pytest.mark.parametrize("name", ["events.csv", "events.parquet", "events.jsonl"])
def test_an_error_begins_with_the_name_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A message about a file begins with the path that was typed, not with a URI."""
    monkeypatch.chdir(tmp_path)
    FILES[Path(name).suffix]([row("a", 1), row("a", 2)], SCHEMA, tmp_path / name)
    session = Session()
    session.write(name)
    FILES[Path(name).suffix]([row("a", 9), row("a", 2)], SCHEMA, tmp_path / name)
    with pytest.raises(InputError, match=f"^{name}: "):
        session.write(name)


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".tsv"])
def test_compressed_files_are_read(tmp_path: Path, codec: str, ending: str) -> None:
    """A compressed file has the rows of the plain one, and one that has grown its new ones."""
    mark = "\t" if ending == ".tsv" else ","
    path, session = tmp_path / f"events{ending}.{codec.replace('gzip', 'gz')[:3]}", Session()
    for count in (1, 1, 3):
        lines = [mark.join(["k", "n", "t", "ts"])] if ending != ".jsonl" else []
        for n in range(count):
            event = row("a", 10**n)
            lines.append(
                json.dumps(event) if ending == ".jsonl" else mark.join(map(str, event.values()))
            )
        with pa.CompressedOutputStream(str(path), codec) as file:
            file.write("\n".join(lines).encode())
        session.write(path)
    assert session.sums("a") == [111]


def test_a_cut_compressed_file_is_an_error(tmp_path: Path) -> None:
    """A file whose end is missing says so."""
    path = tmp_path / "events.csv.gz"
    rows = "".join(f"a,{n},x,{AT - 1}\n" for n in range(10_000))
    path.write_bytes(gzip.compress(f"k,n,t,ts\n{rows}".encode())[:-1000])
    with pytest.raises(InputError, match="cannot be read on"):
        Session().write(path)
