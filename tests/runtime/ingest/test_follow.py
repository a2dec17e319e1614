"""Following: inputs that grow, appear, move and end."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from support.events import FILES
from support.plans import AT
from support.session import SCHEMA, Session, row
from tilewright_runtime import Writer, WriteReport
from tilewright_runtime.errors import InputError
from tilewright_runtime.ingest import follow
from tilewright_runtime.ingest.follow import Follower
from tilewright_runtime.ingest.passes import Taker
from tilewright_runtime.readers import Input
from tilewright_runtime.readers.follow import Watched, standard_input


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again at once, and have no patience."""
    monkeypatch.setattr(follow, "POLL_S", 0.0)
    monkeypatch.setattr(follow, "_PATIENCE_S", 0.0)
    monkeypatch.setattr("tilewright_runtime.ingest.tails._RETRY_S", 0.0)


class Following:
    """A follower, which is stopped when a script of steps has ended.

    Between two steps it makes some passes.
    """

    def __init__(self, session: Session, *patterns: Path, pipe: Input | None = None) -> None:
        self.told: list[InputError] = []
        self._session = session
        self._patterns = [str(pattern) for pattern in patterns]
        self._pipes = [pipe] if pipe is not None else []
        self.waiting: dict[str, int] = {}

    def run(self, *steps: Callable[[], object]) -> WriteReport:
        """Follow while the steps are taken."""
        script = self._script(steps)
        with Writer(self._session.plan, self._session.store) as writer:
            taker = Taker(writer, self._session.plan.sources[0])
            feeds = [Watched(self._patterns)] if self._patterns else []
            follower = Follower([taker], feeds, self._pipes, self.told.append)
            follower.run(lambda: next(script, True))
            self.waiting = follower.waiting
        return taker.report

    def _script(self, steps: tuple[Callable[[], object], ...]) -> Iterator[bool]:
        for step in steps:
            step()
            yield from [False] * 8


def line(n: int, k: str = "a") -> str:
    return json.dumps(row(k, n)) + "\n"


def appender(path: Path, text: str) -> Callable[[], object]:
    """A step that appends text to a file."""

    def step() -> None:
        with path.open("a") as file:
            file.write(text)

    return step


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(url=f"lmdb:{tmp_path}/store")


def test_lines_that_are_appended_count(session: Session, tmp_path: Path) -> None:
    """A file that grows is read on, and one that is not there yet is waited for."""
    path = tmp_path / "events.jsonl"
    report = Following(session, path).run(
        appender(path, line(1)), appender(path, line(2)), appender(path, line(10))
    )
    assert (report.events, report.errors, session.sums("a")) == (3, [], [13])


def test_a_line_without_its_newline_waits(session: Session, tmp_path: Path) -> None:
    """Half a line is no row until its other half comes; what waits at the end is told."""
    path = tmp_path / "events.csv"
    rest = Following(session, path)
    report = rest.run(
        appender(path, "k,n,t"),
        appender(path, ",ts\na,1"),
        appender(path, f"0,x,{AT - 1}\n"),
        appender(path, f"a,5,x,{AT - 1}"),
    )
    assert (report.events, report.refused, session.sums("a")) == (1, {}, [10])
    assert rest.waiting == {str(path): len(f"a,5,x,{AT - 1}")}


def test_a_follower_goes_on_where_another_has_ended(session: Session, tmp_path: Path) -> None:
    """What a write or another follower has read does not count again."""
    path = tmp_path / "events.jsonl"
    path.write_text(line(1))
    session.write(path)
    Following(session, path).run(appender(path, line(2)))
    assert Following(session, path).run(appender(path, line(10))).rows == 1
    assert session.sums("a") == [13]


def test_a_counted_line_that_goes_on_is_an_error(session: Session, tmp_path: Path) -> None:
    """A file that was written as a whole one and then grows in the middle of its last line is
    named, and nothing counts twice.
    """
    path = tmp_path / "events.csv"
    path.write_text(f"k,n,t,ts\na,1,x,{AT - 1}")
    session.write(path)
    following = Following(session, path)
    report = following.run(appender(path, f"0\na,2,x,{AT - 1}\n"))
    assert "its row 1 was its last line" in str(following.told[0])
    assert (len(report.errors), session.sums("a")) == (1, [1])


def test_a_counted_line_whose_newline_follows_is_whole(session: Session, tmp_path: Path) -> None:
    """If only the newline was missing, the file is read on."""
    path = tmp_path / "events.csv"
    path.write_text(f"k,n,t,ts\na,1,x,{AT - 1}")
    session.write(path)
    report = Following(session, path).run(
        appender(path, "\r"), appender(path, f"\na,2,x,{AT - 1}\n")
    )
    assert (report.rows, report.errors, session.sums("a")) == (1, [], [3])


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_files_that_appear_in_a_folder_count(session: Session, tmp_path: Path, ending: str) -> None:
    """Files of known formats are read when they come; hidden and unknown ones are left alone."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / ".half.csv").write_text("k\n")
    (folder / "notes.txt").write_text("k\n")
    report = Following(session, folder).run(
        lambda: FILES[ending]([row("a", 1)], SCHEMA, folder / f"1{ending}"),
        lambda: FILES[ending]([row("a", 2)], SCHEMA, folder / f"2{ending}"),
    )
    assert (report.events, report.errors, session.sums("a")) == (2, [], [3])


def test_a_file_that_is_written_slowly_is_read_once_it_is_whole(
    session: Session, tmp_path: Path
) -> None:
    """Half a Parquet or gzip file is an error only as long as it is half."""
    FILES[".parquet"]([row("a", 1)], SCHEMA, tmp_path / "whole")
    parts = {
        "1.parquet": (tmp_path / "whole").read_bytes(),
        "2.jsonl.gz": gzip.compress(line(2).encode()),
    }
    folder = tmp_path / "inbox"
    folder.mkdir()

    def write(share: int) -> None:
        for name, content in parts.items():
            (folder / name).write_bytes(content[: len(content) * share // 2])

    report = Following(session, folder).run(lambda: write(1), lambda: write(2))
    assert (report.events, report.errors, session.sums("a")) == (2, [], [3])


def test_a_rotated_log_is_read_to_its_end(session: Session, tmp_path: Path) -> None:
    """A file that is renamed is finished first; the new one of its name is read from its
    beginning, and the old one does not count under its new name.
    """
    path, old = tmp_path / "app.jsonl", tmp_path / "app.1.jsonl"

    def rotate() -> None:
        appender(path, line(2))()
        path.rename(old)
        path.write_text(line(10))

    report = Following(session, path).run(appender(path, line(1)), rotate, appender(path, line(20)))
    assert (report.errors, session.sums("a")) == ([], [33])
    assert session.write(old).rows == 0
    assert session.write(path).rows == 0


def test_a_file_that_was_replaced_is_an_error(session: Session, tmp_path: Path) -> None:
    """If the old file is gone, other content under its name may be a correction of it."""
    path = tmp_path / "events.jsonl"

    def replace() -> None:
        other = tmp_path / "other"
        other.write_text(line(7))
        other.replace(path)

    following = Following(session, path)
    following.run(appender(path, line(1)), replace)
    assert session.sums("a") == [1]
    assert following.told and "events.jsonl" in str(following.told[0])


def test_a_file_that_was_cut_is_an_error(session: Session, tmp_path: Path) -> None:
    """A file may only grow; nothing counts twice."""
    path = tmp_path / "events.jsonl"
    following = Following(session, path)
    following.run(appender(path, line(1) + line(2)), lambda: os.truncate(path, len(line(1))))
    assert (len(following.told), session.sums("a")) == (1, [3])


def copied(path: Path, old: Path) -> None:
    """Do what copies a log and cuts it, after one more line."""
    appender(path, line(3))()
    shutil.copy(path, old)
    path.write_text("")


@pytest.mark.parametrize("begun", [[], [100], [100, 200, 300, 400]])
def test_a_log_that_is_copied_and_cut_goes_on(
    session: Session, tmp_path: Path, begun: list[int]
) -> None:
    """Its end is read from the copy, and what is written since from the file, even if that is
    longer by then than the old content was.
    """
    path, old = tmp_path / "app.jsonl", tmp_path / "app.1.jsonl"

    def rotate() -> None:
        copied(path, old)
        path.write_text("".join(map(line, begun)))

    following = Following(session, tmp_path)
    report = following.run(appender(path, line(1)), rotate, appender(path, line(1000)))
    assert (report.errors, following.told) == ([], [])
    assert session.sums("a") == [1004 + sum(begun)]


def test_a_copy_is_read_once_its_log_is_cut(session: Session, tmp_path: Path) -> None:
    """Until then it is a copy; the error is taken back."""
    path, old = tmp_path / "app.jsonl", tmp_path / "app.1.jsonl"
    report = Following(session, tmp_path).run(
        appender(path, line(1)),
        lambda: shutil.copy(path, old),
        lambda: path.write_text(""),
        appender(path, line(10)),
    )
    assert (report.errors, session.sums("a")) == ([], [11])


def test_a_log_goes_on_once_its_copy_appears(session: Session, tmp_path: Path) -> None:
    """A log that was cut is an error while nobody knows where its content went."""
    path, aside = tmp_path / "app.jsonl", tmp_path / "_app.jsonl"
    report = Following(session, tmp_path).run(
        appender(path, line(1)),
        lambda: copied(path, aside),
        appender(path, line(10)),
        lambda: aside.rename(tmp_path / "app.1.jsonl"),
        list,
    )
    assert (report.errors, session.sums("a")) == ([], [14])


def test_a_file_is_known_though_its_first_row_came_in_halves(
    session: Session, tmp_path: Path
) -> None:
    """Half a row is no beginning by which a file is known under another name."""
    path, moved = tmp_path / "app.csv", tmp_path / "app.1.csv"
    halves = "k,n,t,ts\na,1", f"0,x,{AT - 1}\n"
    Following(session, path).run(*(appender(path, half) for half in halves))
    path.rename(moved)
    assert (session.write(moved).rows, session.sums("a")) == (0, [10])


def test_standard_input_ends(session: Session) -> None:
    """A pipe is read as it is written; its end is the end, and its last line is a row then."""
    reader, writer = os.pipe()
    steps: list[Callable[[], object]] = [
        lambda: os.write(writer, line(1)[:5].encode()),
        lambda: os.write(writer, (line(1)[5:] + line(2)).encode()),
        lambda: os.write(writer, line(10)[:-1].encode()),
        lambda: os.close(writer),
    ]
    following = Following(session, pipe=standard_input("p", reader))
    report = following.run(*steps)
    os.close(reader)
    assert (report.events, report.errors, session.sums("a")) == (3, [], [13])


def test_a_pipe_that_sends_again_adds_what_is_new(session: Session) -> None:
    """Under a known name what was read before is passed over, bit by bit."""
    for lines in ([1], [1, 2]):
        reader, writer = os.pipe()
        content = "".join(map(line, lines)).encode()
        steps = (partial(os.write, writer, content[:20]), partial(os.write, writer, content[20:]))
        following = Following(session, pipe=standard_input("p", reader))
        following.run(*steps, partial(os.close, writer))
        os.close(reader)
    assert session.sums("a") == [3]
