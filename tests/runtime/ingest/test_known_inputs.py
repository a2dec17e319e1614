"""Files under other names: moved, rotated, copied and linked ones of every format."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.events import to_csv, to_json_lines, to_parquet
from support.session import SCHEMA, Session, row
from tilewright_runtime.errors import InputError

Rows = list[dict[str, Any]]


def to_packed(rows: Rows, path: Path) -> None:
    """Write a compressed CSV file."""
    to_csv(rows, SCHEMA, path)
    path.write_bytes(gzip.compress(path.read_bytes()))


def to_array(rows: Rows, path: Path, lines: str = ",\n") -> None:
    """Write an array of JSON objects, each on a line of its own or all on one."""
    to_json_lines(rows, SCHEMA, path)
    path.write_text("[" + path.read_text().rstrip().replace("\n", lines) + "]")


def to_array_of_one_line(rows: Rows, path: Path) -> None:
    """Write an array of JSON objects without any line end."""
    to_array(rows, path, ",")


WRITERS: dict[str, Callable[[Rows, Path], None]] = {
    ".parquet": lambda rows, path: to_parquet(rows, SCHEMA, path),
    ".csv": lambda rows, path: to_csv(rows, SCHEMA, path),
    ".csv.gz": to_packed,
    ".jsonl": lambda rows, path: to_json_lines(rows, SCHEMA, path),
    ".json": to_array,
    ".line.json": to_array_of_one_line,
}
OLD = [row("a", 1), row("a", 2)]


@pytest.mark.parametrize("ending", WRITERS)
def test_a_moved_file_goes_on(tmp_path: Path, ending: str) -> None:
    """What was read under the old name is not read again; what was added to it is."""
    session, first, second = Session(), tmp_path / f"1{ending}", tmp_path / f"2{ending}"
    WRITERS[ending](OLD, first)
    session.write(first)
    first.rename(second)
    assert session.write(second).moved == {str(second): str(first)}
    WRITERS[ending]([*OLD, row("a", 10)], second)
    assert session.write(second).rows == 1
    assert session.sums("a") == [13]


@pytest.mark.parametrize("ending", WRITERS)
def test_a_copy_is_refused_unless_it_counts_again(tmp_path: Path, ending: str) -> None:
    """It names the first, which is still there; `again` counts it as a file of its own."""
    session, first, second = Session(), tmp_path / f"1{ending}", tmp_path / f"2{ending}"
    for path in (first, second):
        WRITERS[ending](OLD, path)
    session.write(first)
    with pytest.raises(InputError, match=rf"begins with all that was read from .*1\{ending}"):
        session.write(second)
    assert session.sums("a") == [3]
    session.write(second, again=True)
    assert session.sums("a") == [6]


@pytest.mark.parametrize("ending", WRITERS)
def test_a_copy_of_the_beginning_is_refused(tmp_path: Path, ending: str) -> None:
    """An old copy of a file that has grown since counts once; `again` counts it too."""
    session, whole, copy = Session(), tmp_path / f"1{ending}", tmp_path / f"2{ending}"
    WRITERS[ending]([*OLD, row("a", 10)], whole)
    WRITERS[ending](OLD, copy)
    session.write(whole)
    with pytest.raises(InputError, match=rf"as the beginning of .*1\{ending}, so it would count"):
        session.write(copy)
    session.write(copy, again=True)
    assert session.sums("a") == [16]


@pytest.mark.parametrize("ending", WRITERS)
def test_an_old_copy_of_a_file_that_is_gone_is_refused(tmp_path: Path, ending: str) -> None:
    """It names the file that it begins as; `again` counts it."""
    session, whole, copy = Session(), tmp_path / f"1{ending}", tmp_path / f"2{ending}"
    WRITERS[ending]([*OLD, row("a", 10)], whole)
    WRITERS[ending](OLD, copy)
    session.write(whole)
    whole.unlink()
    with pytest.raises(InputError, match=rf"begins as .*1\{ending} did, of which more was read"):
        session.write(copy)
    session.write(copy, again=True)
    assert session.sums("a") == [16]


def test_arrays_of_many_lines_are_told_apart_by_their_elements(tmp_path: Path) -> None:
    """A bracket on a line of its own is no beginning that they have in common."""
    session, first, second = Session(), tmp_path / "1.json", tmp_path / "2.json"
    first.write_text(json.dumps([*OLD, row("a", 10)], indent=2))
    session.write(first)
    first.unlink()
    second.write_text(json.dumps([row("a", 100)], indent=2))
    session.write(second)
    assert session.sums("a") == [113]


def test_a_longer_file_is_no_old_copy_of_one_that_is_gone(tmp_path: Path) -> None:
    """It holds something else, though its first row is the same."""
    session, first, other = Session(), tmp_path / "1.csv", tmp_path / "2.csv"
    to_csv(OLD, SCHEMA, first)
    to_csv([OLD[0], row("a", 10), row("a", 20)], SCHEMA, other)
    session.write(first)
    first.unlink()
    session.write(other)
    assert session.sums("a") == [34]


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_a_copy_of_a_file_with_an_empty_line_is_refused(tmp_path: Path, ending: str) -> None:
    """Its first row is the one after the empty lines."""
    session, first, second = Session(), tmp_path / f"1{ending}", tmp_path / f"2{ending}"
    WRITERS[ending](OLD, first)
    lines = first.read_text().splitlines()
    for path in (first, second):
        path.write_text("\n".join([*lines[:-2], "", "", *lines[-2:], ""]))
    session.write(first)
    with pytest.raises(InputError, match="is still there, so it would count twice"):
        session.write(second)


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_a_copy_that_ends_within_a_row_is_refused(tmp_path: Path, ending: str) -> None:
    """Half a row of CSV looks like a whole one, and is no other row for that."""
    session, whole, copy = Session(), tmp_path / f"1{ending}", tmp_path / f"2{ending}"
    WRITERS[ending](OLD, whole)
    copy.write_bytes(whole.read_bytes()[:-2])
    session.write(whole)
    with pytest.raises(InputError, match="as the beginning of"):
        session.write(copy)


def test_a_file_is_no_copy_once_it_goes_on_otherwise(tmp_path: Path) -> None:
    """A log whose first line was seen elsewhere is read when its second is another one."""
    session, first, second = Session(), tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    to_json_lines(OLD, SCHEMA, first)
    to_json_lines(OLD[:1], SCHEMA, second)
    session.write(first)
    with pytest.raises(InputError, match="as the beginning of"):
        session.write(second)
    to_json_lines([OLD[0], row("a", 20)], SCHEMA, second)
    session.write(second)
    assert session.sums("a") == [24]


@pytest.mark.parametrize("ending", WRITERS)
def test_a_copy_within_one_write_is_refused(tmp_path: Path, ending: str) -> None:
    """A glob over a file and its copy counts the events once, and says so."""
    session, paths = Session(), [tmp_path / f"{name}{ending}" for name in (1, 2)]
    for path in paths:
        WRITERS[ending](OLD, path)
    with pytest.raises(InputError, match="is still there, so it would count twice"):
        session.write([str(path) for path in paths])
    assert session.sums("a") == [3]


@pytest.mark.parametrize("ending", WRITERS)
def test_a_rotated_file_and_its_successor_come_out_right(tmp_path: Path, ending: str) -> None:
    """The old name holds another file by now, which is read from its beginning."""
    session, current, older = Session(), tmp_path / f"log{ending}", tmp_path / f"log-1{ending}"
    WRITERS[ending](OLD, current)
    session.write(f"{tmp_path}/log*{ending}")
    WRITERS[ending]([*OLD, row("a", 10)], older)
    WRITERS[ending]([row("a", 100), row("a", 1000)], current)
    session.write(f"{tmp_path}/log*{ending}")
    session.write(f"{tmp_path}/log*{ending}")
    assert session.sums("a") == [1113]


@pytest.mark.parametrize("ending", WRITERS)
def test_two_files_that_change_names_one_after_the_other_add_nothing(
    tmp_path: Path, ending: str
) -> None:
    """What was read under a name that another known file has taken stays known."""
    session, first, second = Session(), tmp_path / f"1{ending}", tmp_path / f"2{ending}"
    WRITERS[ending](OLD, first)
    WRITERS[ending]([row("a", 10)], second)
    session.write([str(first), str(second)])
    WRITERS[ending]([row("a", 10)], first)
    WRITERS[ending](OLD, second)
    assert [session.write(path).rows for path in (first, second, first)] == [0, 0, 0]
    assert session.sums("a") == [13]


@pytest.mark.parametrize("ending", WRITERS)
def test_files_that_only_begin_alike_are_two(tmp_path: Path, ending: str) -> None:
    """A first row in common makes no copy: all that was read would have to be the same."""
    session, first, second = Session(), tmp_path / f"1{ending}", tmp_path / f"2{ending}"
    WRITERS[ending](OLD, first)
    WRITERS[ending]([OLD[0], row("a", 20)], second)
    session.write([str(first), str(second)])
    assert session.sums("a") == [24]


@pytest.mark.parametrize("ending", WRITERS)
def test_a_link_is_the_file_that_it_leads_to(tmp_path: Path, ending: str) -> None:
    """It is neither a copy nor a move, and adds nothing."""
    session, path, link = Session(), tmp_path / f"1{ending}", tmp_path / f"link{ending}"
    WRITERS[ending](OLD, path)
    link.symlink_to(path)
    session.write(path)
    assert (session.write(link).rows, session.sums("a")) == (0, [3])
