"""Text files, CSV and JSON Lines alike: what was read before is verified and passed over, and a cut
line waits.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.events import FILES
from support.examples import few
from support.plans import AT
from support.session import SCHEMA, Session, row
from tilewright_runtime import Writer
from tilewright_runtime.errors import InputError
from tilewright_runtime.readers import Position, stream

TEXT_FILES = [".csv", ".jsonl"]


@pytest.fixture(params=TEXT_FILES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file with two events, in each of the text formats."""
    place: Path = tmp_path / f"events{request.param}"
    FILES[place.suffix]([row("a", 1), row("a", 2)], SCHEMA, place)
    return place


def lines(path: Path, *rows: dict[str, object]) -> bytes:
    """Some events as lines of the file's format, without a header."""
    other = path.with_name(f"other{path.suffix}")
    FILES[path.suffix](rows, SCHEMA, other)
    return other.read_bytes().split(b"\n", 1)[1] if path.suffix == ".csv" else other.read_bytes()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_a_file_written_again_adds_nothing(path: Path) -> None:
    """The second write of a file reads no new row."""
    session = Session()
    assert [session.write(path).rows for _ in range(3)] == [2, 0, 0]
    assert session.sums("a") == [3]


def test_a_file_that_has_grown_adds_what_is_new(path: Path) -> None:
    """Only the lines after those that were read before are added."""
    session = Session()
    session.write(path)
    append(path, lines(path, row("a", 10), row("b", 20)))
    assert session.write(path).rows == 2
    assert session.sums("a", "b") == [13, 20]


def test_one_file_under_two_paths_is_one_file(path: Path) -> None:
    """A position belongs to where a file really is: through a link or a relative path it adds
    nothing.
    """
    session = Session()
    session.write(path)
    link = path.with_name(f"link{path.suffix}")
    link.symlink_to(path)
    assert session.write([str(link), str(path.parent / "." / path.name)]).rows == 0


def test_a_copy_is_refused_unless_it_is_meant(path: Path) -> None:
    """A file beside the one that it begins with is named with it, and counts with `again`."""
    session = Session()
    copy = path.with_name(f"copy{path.suffix}")
    copy.write_bytes(path.read_bytes())
    with pytest.raises(InputError, match=f"copy{path.suffix}: begins with all that was read from"):
        session.write([str(path), str(copy)])
    assert session.sums("a") == [3]
    assert [session.write(copy, again=again).rows for again in (True, False)] == [2, 0]
    assert session.sums("a") == [6]


def test_a_hard_link_is_the_same_file(path: Path) -> None:
    """Another name of one file adds what has grown, and nothing else."""
    session = Session()
    link = path.with_name(f"link{path.suffix}")
    link.hardlink_to(path)
    assert session.write([str(path), str(link)]).rows == 2
    append(link, lines(path, row("a", 10)))
    assert [session.write(name).rows for name in (link, path)] == [1, 0]
    assert session.sums("a") == [13]


def test_a_moved_file_goes_on_under_its_new_name(path: Path) -> None:
    """What was read under the old name is not read again, and the report tells so."""
    session, moved = Session(), path.with_name(f"moved{path.suffix}")
    session.write(path)
    path.rename(moved)
    append(moved, lines(path, row("a", 10)))
    report = session.write(moved)
    assert (report.rows, [Path(name).name for name in report.moved.values()]) == (1, [path.name])
    assert session.write(moved).rows == 0
    assert session.sums("a") == [13]


@pytest.mark.parametrize("reverse", [False, True])
def test_rotated_logs_come_out_right(path: Path, reverse: bool) -> None:
    """Each of three rotations keeps its position, in whatever order the files are named."""
    session = Session()
    content = [path.read_bytes()]
    names = [path, *(path.with_name(f"log-{n}{path.suffix}") for n in (1, 2))]
    for n in (10, 100, 1000):
        existing = [str(name) for name in names if name.exists()]
        session.write(existing[::-1] if reverse else existing)
        for older, newer in ((names[2], names[1]), (names[1], names[0])):
            if newer.exists():
                newer.replace(older)
        FILES[path.suffix]([row("a", n)], SCHEMA, path)
    session.write([str(name) for name in names])
    assert content and session.sums("a") == [1113]


def test_files_without_rows_are_no_copies(tmp_path: Path) -> None:
    """Files that have a header alone, and nothing, say nothing of each other."""
    session = Session()
    names = [tmp_path / f"{name}.csv" for name in ("one", "two")]
    for name in names:
        name.write_text("k,n,t,ts\n")
    assert session.write([str(name) for name in names]).rows == 0


def test_a_changed_prefix_is_an_error_that_changes_nothing(path: Path) -> None:
    """If lines that were read before are different now, nothing is added, not even what is new."""
    session = Session()
    session.write(path)
    before = session.contents({"k": "a"})
    path.write_bytes(path.read_bytes().replace(b"1", b"7", 1) + lines(path, row("a", 100)))
    with pytest.raises(
        InputError, match=r"first [\d,]+ bytes, which were read before, are not the same any more"
    ):
        session.write(path)
    assert session.contents({"k": "a"}) == before


def test_a_file_that_shrank_is_an_error_that_changes_nothing(path: Path) -> None:
    """A file may only grow."""
    session = Session()
    session.write(path)
    before = session.contents({"k": "a"})
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(InputError, match=r"bytes were read|were read from it before"):
        session.write(path)
    assert session.contents({"k": "a"}) == before


def test_a_file_that_was_put_back_goes_on(path: Path) -> None:
    """After an error about a changed file, the file as it was before is read on as if nothing had
    been.
    """
    session, original = Session(), path.read_bytes()
    session.write(path)
    path.write_bytes(original[:-5])
    with pytest.raises(InputError):
        session.write(path)
    path.write_bytes(original + lines(path, row("a", 10)))
    session.write(path)
    assert session.sums("a") == [13]


def test_an_unterminated_last_line_is_a_row(path: Path) -> None:
    """A file that is named is whole; its last line counts once, also when its newline comes."""
    session = Session()
    append(path, lines(path, row("a", 10))[:-1])
    assert [session.write(path).rows for _ in range(2)] == [3, 0]
    append(path, b"\r\n" + lines(path, row("a", 20)))
    assert [session.write(path).rows for _ in range(2)] == [1, 0]
    assert session.sums("a") == [33]


def test_a_last_line_that_goes_on_is_an_error(tmp_path: Path) -> None:
    """A line that was counted and goes on after all is named, and not counted again."""
    path, session = tmp_path / "events.csv", Session()
    path.write_text(f"k,t,ts,n\na,x,{AT - 1},1\na,x,{AT - 1},1")
    assert session.write(path).rows == 2
    append(path, f"0\na,x,{AT - 1},100\n".encode())
    with pytest.raises(InputError, match="row 2 was its last line when it was read"):
        session.write(path)
    assert session.sums("a") == [2]


def test_a_cut_line_that_was_refused_is_read_again(path: Path) -> None:
    """Half a line that made no row spoils nothing: the whole one is read once it is there."""
    session, whole = Session(), lines(path, row("a", 10))
    session.write(path)
    append(path, whole[:7])
    assert session.write(path).refused.total() == 1
    assert session.write(path).rows == 0
    append(path, whole[7:])
    assert session.write(path).events == 1
    assert session.sums("a") == [13]


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 7, 50])
def test_chunks_of_any_size_read_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch, chunk_bytes: int
) -> None:
    """Where a file is cut into chunks changes neither the events nor the position."""
    whole = Session()
    append(path, lines(path, row("a", 30, 'x,"y"\nz'), row("b", 40, None)))
    whole.write(path)
    monkeypatch.setattr(stream, "CHUNK_BYTES", chunk_bytes)
    pieces = Session()
    assert pieces.write(path).rows == 4
    assert (pieces.sums("a", "b"), pieces.features(k="a")) == (
        whole.sums("a", "b"),
        whole.features(k="a"),
    )
    assert whole.write(path).rows == pieces.write(path).rows == 0


texts = st.none() | st.text(st.sampled_from('a,"\n\r \té'), max_size=6)


@few(8)
@given(
    st.lists(texts, min_size=1, max_size=4),
    st.integers(1, 20),
    st.sampled_from(TEXT_FILES),
    st.sets(st.integers(0, 4), max_size=3),
)
def test_a_file_may_grow_by_any_lines(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[str | None],
    chunk_bytes: int,
    ending: str,
    cuts: set[int],
) -> None:
    """Written after every few lines of growth, a file gives the same events as written once, quoted
    newlines and all.
    """
    path = tmp_path_factory.mktemp("grow") / f"events{ending}"
    rows = [row("a", 10**place, value) for place, value in enumerate(values)]
    session = Session()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "CHUNK_BYTES", chunk_bytes)
        counts = []
        for end in sorted({cut for cut in cuts if cut < len(rows)} | {len(rows)}):
            FILES[ending](rows[:end], SCHEMA, path)
            counts.append(session.write(path).rows)
    features = session.features(k="a")
    assert sum(counts) == len(rows)
    assert features["n_sum_1h"] == sum(event["n"] for event in rows)
    assert features["t_count_1h"] == len([value for value in values if value is not None])
    assert features["t_last_1h"] == max(
        (value for value in values if value is not None), default=None
    )


def test_the_position_counts_rows_and_bytes(path: Path) -> None:
    """A position is the end of the last whole record in bytes, and the number of rows up to
    there.
    """
    session = Session()
    session.write(path)
    document = session.store.get(f"position/{session.plan.name}/events/{path.resolve().as_uri()}")
    assert document is not None
    position = Position.from_bytes(document)
    assert (position.offset, position.rows, position.uri) == (
        path.stat().st_size,
        2,
        path.resolve().as_uri(),
    )
    assert Position.from_bytes(position.to_bytes()) == position


def test_rows_are_numbered_through_all_writes(path: Path, tmp_path: Path) -> None:
    """A refused row's number counts from the file's begin, also if it came later."""
    session = Session()
    session.write(path)
    append(path, lines(path, row("a", 1), row(None, 1)))
    with (
        (tmp_path / "rejects").open("w+") as rejects,
        Writer(session.plan, session.store, rejects=rejects) as writer,
    ):
        assert writer.write(path).refused == {"key k is null": 1}
        rejects.seek(0)
        assert json.loads(rejects.read())["row"] == 4
