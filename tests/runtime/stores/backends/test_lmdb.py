"""The embedded store: its folder, its lock, its growth, and what becomes of damage."""

from __future__ import annotations

import os
import random
import re
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from time import sleep
from typing import Any

import lmdb
import pytest

from support.plans import AT
from support.process import start
from support.session import Session, row
from tilewright_runtime.errors import CorruptRecordError, KeyValueError, StoreError
from tilewright_runtime.stores import open_store
from tilewright_runtime.stores.backends.lmdb import LmdbStore
from tilewright_runtime.tiles.keys import Range, TileKeys

#: A process that holds a store as its writer until its standard input ends.
HOLDER = """
import sys
from tilewright_runtime import open_store
store = open_store(sys.argv[1])
store.transact(lambda transaction: transaction.put("held", b"yes"))
print("held", flush=True)
sys.stdin.read()
"""


def test_changes_are_numbered(tmp_path: Path) -> None:
    """Reading is no change."""
    with open_store(f"lmdb:{tmp_path}") as store:
        before = store.last_change()
        assert store.get("name") is None
        assert store.last_change() == before
        store.put("name", b"value")
        assert store.last_change() != before


def test_a_store_that_may_not_be_made_is_not(tmp_path: Path) -> None:
    """Opening for reading what is not there is an error and leaves no folder behind."""
    with pytest.raises(StoreError, match=r"there is none. Write events into it first"):
        open_store(f"lmdb:{tmp_path}/absent", create=False)
    assert not (tmp_path / "absent").exists()


def test_a_store_needs_a_folder() -> None:
    """A URL without a path says how it is written."""
    with pytest.raises(StoreError, match="names no folder: write lmdb:PATH"):
        open_store("lmdb:")


def test_a_path_that_cannot_be_a_folder_is_an_error(tmp_path: Path) -> None:
    """A file in the store's place is an error with the reason."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="is a file"):
        open_store(f"lmdb:{tmp_path}/file")


def test_two_stores_of_a_path_are_one(tmp_path: Path) -> None:
    """A process may open a store as often as it likes, by any of its paths; closing one leaves the
    others open.
    """
    first, second = open_store(f"lmdb:{tmp_path}/s"), open_store(f"lmdb:{tmp_path}/./s/")
    first.put("name", b"value")
    first.close()
    assert second.get("name") == b"value"
    with pytest.raises(StoreError, match="is closed"):
        first.get("name")


@pytest.mark.parametrize("tables", [0, 2])
def test_a_kill_while_a_store_is_made_does_no_harm(tmp_path: Path, tables: int) -> None:
    """What a kill leaves of a new store, nothing or all of it, is accepted by the next start."""
    if tables:
        open_store(f"lmdb:{tmp_path}/s").close()
    else:
        lmdb.open(f"{tmp_path}/s", max_dbs=2).close()
    session = Session(url=f"lmdb:{tmp_path}/s")
    session.write([row("a", 5)])
    assert session.sums("a") == [5]


def test_another_programs_environment_is_left_alone(tmp_path: Path) -> None:
    """A folder of LMDB that is not ours is an error, and nothing is written into it."""
    with (
        lmdb.open(f"{tmp_path}/s", max_dbs=2) as environment,
        environment.begin(write=True) as transaction,
    ):
        transaction.put(b"theirs", b"value")
    with pytest.raises(StoreError, match="not one of Tilewright's"):
        open_store(f"lmdb:{tmp_path}/s")
    with lmdb.open(f"{tmp_path}/s", max_dbs=2) as environment, environment.begin() as transaction:
        assert transaction.stat()["entries"] == 1


def test_a_store_of_another_format_is_refused(tmp_path: Path) -> None:
    """A store that a later version made says so."""
    open_store(f"lmdb:{tmp_path}/s").close()
    with (
        lmdb.open(f"{tmp_path}/s", max_dbs=2) as environment,
        environment.begin(write=True) as transaction,
    ):
        transaction.put(b"format", b"99", db=environment.open_db(b"documents", transaction))
    with pytest.raises(StoreError, match="has format 99, this version reads 1"):
        open_store(f"lmdb:{tmp_path}/s")


def test_a_store_grows_beyond_its_first_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full map is made larger and the work is done again, once over."""
    monkeypatch.setattr("tilewright_runtime.stores.lmdb.environment._FIRST_MAP_BYTES", 1 << 20)
    store = open_store(f"lmdb:{tmp_path}/s")
    tiles = TileKeys("t", 1000, ["s=a"], [0] * 50, list(range(0, 50_000, 1000)))
    store.put_newer(tiles, [b"x" * 100_000] * 50, None)
    assert [len(record) for record in store.scan("t", "s=a", [Range(1000, 0, 50_000)])[0]] == [
        100_000
    ] * 50


#: A process that writes 5 MB into a store whose map begins with 1 MB.
GROWER = """
import sys
from tilewright_runtime.stores import open_store
from tilewright_runtime.stores.backends.lmdb import LmdbStore
from tilewright_runtime.stores.lmdb import environment as lmdb
from tilewright_runtime.tiles.keys import TileKeys
lmdb._FIRST_MAP_BYTES = 1 << 20
keys = TileKeys("t", 1000, ["s=a"], [0] * 50, list(range(0, 50_000, 1000)))
records = [b"x" * 100_000] * 50
open_store(sys.argv[1]).transact(lambda transaction: transaction.put_tiles(keys, records))
"""


def test_a_reader_follows_a_store_that_another_process_made_larger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that was opened when it was small reads, and then writes, what has grown beyond its
    own map since.
    """
    monkeypatch.setattr("tilewright_runtime.stores.lmdb.environment._FIRST_MAP_BYTES", 1 << 20)
    store = open_store(f"lmdb:{tmp_path}/s")
    assert store.scan("t", "s=a", [Range(1000, 0, 50_000)]) == [[]]
    with start(GROWER, store.url) as grower:
        assert grower.communicate()[1] == ""
    assert len(store.scan("t", "s=a", [Range(1000, 0, 50_000)])[0]) == 50
    store.put("name", b"value")
    assert store.get("name") == b"value"


def test_a_write_that_fills_the_map_counts_its_events_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch whose commit did not fit is committed again in a larger map, and only then
    counted.
    """
    monkeypatch.setattr("tilewright_runtime.stores.lmdb.environment._FIRST_MAP_BYTES", 1 << 20)
    session = Session(url=f"lmdb:{tmp_path}/s")
    noise = random.Random(1)
    rows = [row(f"key {number}", number, noise.randbytes(10_000).hex()) for number in range(200)]
    assert session.write(rows, position="p").events == 200
    assert session.write(rows, position="p").events == 0
    assert session.sums("key 0", "key 199") == [0, 199]


def test_a_store_that_another_process_writes_is_refused_with_its_pid(tmp_path: Path) -> None:
    """A second writer is told who the first is; readers read on; when the first ends, the second
    may write.
    """
    url = f"lmdb:{tmp_path}/s"
    first = Session(url=url)
    first.write([row("a", 5)])
    first.close()
    with start(HOLDER, url) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        session = Session(url=url)
        before = session.contents({"k": "a"})
        with pytest.raises(
            StoreError, match=rf"being written by another process \(pid {holder.pid}\)"
        ):
            session.write([row("a", 7)])
        assert session.contents({"k": "a"}) == before
        assert (session.sums("a"), session.store.get("held")) == ([5], b"yes")
        holder.communicate()
    session.write([row("a", 7)])
    assert session.sums("a") == [12]


def damage(path: Path, part: bytes) -> None:
    """Flips a bit in the middle of every record whose key holds some bytes."""
    with (
        lmdb.open(str(path), max_dbs=2) as environment,
        environment.begin(write=True) as transaction,
    ):
        tiles = environment.open_db(b"tiles", transaction)
        for key, record in list(transaction.cursor(tiles)):
            if part in key:
                middle = len(record) // 2
                transaction.put(
                    key,
                    record[:middle] + bytes([record[middle] ^ 1]) + record[middle + 1 :],
                    db=tiles,
                )


@pytest.fixture
def damaged(tmp_path: Path) -> Session:
    """A store with events of `a` and `b`, of which those of `a` are damaged."""
    session = Session(url=f"lmdb:{tmp_path}/s")
    session.write([row("a", 5), row("b", 6)])
    session.store.close()
    damage(tmp_path / "s", b"s=a")
    return Session(url=f"lmdb:{tmp_path}/s")


def test_a_damaged_tile_is_an_error_that_names_its_key(damaged: Session) -> None:
    """A fetch of the key says which tile of which store is damaged, in the form in which keys are
    documented.
    """
    with pytest.raises(
        CorruptRecordError,
        match=r"store lmdb:.*, tile tiles::things::\{s=a\}::5m::202401041435: the checksum",
    ):
        damaged.sums("a")


def test_other_keys_answer_beside_a_damaged_one(damaged: Session) -> None:
    """Damage to one key's tile does not touch another's."""
    assert damaged.sums("b") == [6]


def test_nothing_is_merged_into_a_damaged_tile(damaged: Session) -> None:
    """A write to a damaged tile is an error that names it and changes nothing, for no key of its
    batch.
    """
    before = damaged.contents({"k": "a"}, {"k": "b"})
    with pytest.raises(CorruptRecordError, match=r"\{s=a\}::5m::202401041435"):
        damaged.write([row("b", 1), row("a", 1), row("c", 1)])
    assert damaged.contents({"k": "a"}, {"k": "b"}) == before
    assert damaged.sums("c") == [None]


def test_the_right_one_of_many_tiles_is_named(tmp_path: Path) -> None:
    """Of several tiles of a key, the error names the damaged one."""
    session = Session(url=f"lmdb:{tmp_path}/s")
    session.write([row("a", 1, ts=AT - minutes * 60_000) for minutes in (1, 11, 21, 31)])
    session.store.close()
    key = (AT - 21 * 60_000) // 300_000 * 300_000
    damage(tmp_path / "s", (key + 2**63).to_bytes(8, "big"))
    with pytest.raises(CorruptRecordError, match=r"\{s=a\}::5m::202401041415"):
        Session(url=f"lmdb:{tmp_path}/s").sums("a")


def test_a_key_too_long_for_the_store_is_refused_and_counted(tmp_path: Path) -> None:
    """A row whose key does not fit is refused with a reason; the longest that fits is kept
    whole.
    """
    session = Session(url=f"lmdb:{tmp_path}/s")
    fits = session.store.max_entity_bytes - len("things") - len("s=")
    report = session.write(
        [row("x" * fits, 5), row("x" * (fits + 1), 6), row("é" * fits, 7), row("a", 8)]
    )
    assert (report.events, report.refused) == (2, {"the key is longer than the store allows": 2})
    assert session.sums("x" * fits, "a") == [5, 8]


def test_a_key_too_long_for_the_store_is_refused_at_fetch(tmp_path: Path) -> None:
    """An answer of zero events would be false where every event was refused, so the question is an
    error.
    """
    session = Session(url=f"lmdb:{tmp_path}/s")
    session.write([row("a", 5)])
    with pytest.raises(KeyValueError, match=r"the key has 602 .*store lmdb:.* allows"):
        session.sums("x" * 600)


#: Reads a store as a user who may not write there, and says what it found and what a write says;
#: root becomes another user for it.
READER = """
import os, sys
from pathlib import Path
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store
plan = Plan.model_validate_json(Path(sys.argv[1]).read_text())
with Writer(plan, memory := open_store("memory:")) as writer:
    # All modules are imported, wherever they lie.
    Fetcher(plan, memory).fetch({"k": "a"}, int(sys.argv[3]))
import tilewright_runtime.stores.backends.lmdb
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
fetcher = Fetcher(plan, open_store(sys.argv[2], create=False))
print(fetcher.fetch({"k": "a"}, int(sys.argv[3])).features["n_sum_1h"], flush=True)
for _ in sys.stdin:
    print(fetcher.fetch({"k": "a"}, int(sys.argv[3])).features["n_sum_1h"], flush=True)
try:
    Writer(plan, fetcher.store)
except Exception as error:
    print(error)
"""


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user may look into."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.parametrize("readers_may_be_seen", [False, True])
def test_a_store_is_read_without_the_right_to_write_it(
    public_folder: Path, tmp_path: Path, readers_may_be_seen: bool
) -> None:
    """A user who may only read the folder gets answers, also of what another process writes
    meanwhile, and cannot write.
    """
    url = f"lmdb:{public_folder}/s"
    session = Session(url=url)
    session.write([row("a", 5)])
    (tmp_path / "plan.json").write_text(session.plan.model_dump_json())
    rights = {
        path: path.stat().st_mode
        for path in [public_folder / "s", *(public_folder / "s").iterdir()]
    }
    for path in rights:
        path.chmod(0o755 if path.is_dir() else 0o644)
    if readers_may_be_seen:
        (public_folder / "s" / "lock.mdb").chmod(0o666)
    if os.geteuid() != 0:
        for path in rights:
            path.chmod(
                path.stat().st_mode
                & (0o777 if path.name == "lock.mdb" and readers_may_be_seen else 0o555)
            )
    # A process without rights cannot note its coverage, and would say so.
    with start(
        READER, str(tmp_path / "plan.json"), url, str(AT), COVERAGE_PROCESS_CONFIG=""
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline() == "5\n", reader.communicate()[1]
        for total in range(6, 26):
            session.write([row("a", 1)])
            reader.stdin.write("again\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == f"{total}\n"
        output, errors = reader.communicate()
    assert errors == ""
    assert "can only be read by this user. Write as one who may change the folder" in output
    for path, mode in rights.items():
        path.chmod(mode)


def test_a_reader_that_no_writer_sees_reads_again_what_may_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of a snapshot may be written over from the second later commit on; what was read of
    such a one is thrown away.
    """
    session = Session(url=f"lmdb:{tmp_path}/s")
    session.write([row("a", 5)])
    session.close()
    monkeypatch.setattr(
        "tilewright_runtime.stores.lmdb.environment._may_write", lambda *paths: False
    )
    store = open_store(f"lmdb:{tmp_path}/s", create=False)
    environment, calls = store._open, count(1)  # type: ignore[attr-defined]
    last = environment.lmdb.info()["last_txnid"]
    seen = iter([last + 2, last + 1])
    monkeypatch.setattr(environment, "lmdb", Told(environment.lmdb, seen))
    assert environment.read(environment.documents, lambda transaction: next(calls)) == 2


class Told:
    """An environment that says which commit was the last."""

    def __init__(self, environment: Any, last: Iterator[int]) -> None:
        self._environment = environment
        self._last = last

    def info(self) -> dict[str, int]:
        return {"last_txnid": next(self._last)}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._environment, name)


@pytest.mark.parametrize("is_new", [True, False])
def test_threads_that_open_one_store_at_once_share_it(tmp_path: Path, is_new: bool) -> None:
    """Of threads that open a store at the same moment each gets it, new or old."""
    url = f"lmdb:{tmp_path}/s"
    if not is_new:
        open_store(url).close()
    gate = threading.Barrier(8)

    def opened(number: int) -> bytes | None:
        gate.wait()
        with open_store(url) as store:
            store.put(f"name {number}", b"value")
            return store.get(f"name {number}")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(opened, range(8))) == [b"value"] * 8


def test_a_store_that_is_dropped_unclosed_locks_nobody_out(tmp_path: Path) -> None:
    """A store that nobody refers to any more gives its lock back, as a closed one does."""
    url = f"lmdb:{tmp_path}/s"
    open_store(url).put("name", b"value")
    with start(HOLDER, url) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.communicate()


#: Forks with an open store that it writes, and says what the child read and what a write said.
FORKER = """
import os, sys
from tilewright_runtime import open_store
store = open_store(sys.argv[1])
store.put("name", b"parent's")
if not os.fork():
    try:
        print(store.get("name"), flush=True)
        store.put("name", b"child's")
    except Exception as error:
        print(error, flush=True)
    os._exit(0)
os.wait()
store.put("name", store.get("name") + b" still")
print(store.get("name"))
"""


def test_a_forked_child_reads_and_may_not_write(tmp_path: Path) -> None:
    """A child reads its parent's store, and is refused as a second writer like any process."""
    with start(FORKER, f"lmdb:{tmp_path}/s") as forker:
        output, errors = forker.communicate()
    assert errors == ""
    assert re.fullmatch(
        r"b\"parent's\"\nstore lmdb:.* is being written by another process \(pid \d+\)\. .*\n"
        r"b\"parent's still\"\n",
        output,
    )


def test_reads_go_on_while_a_store_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that read while another process makes the file larger get answers and no errors."""
    monkeypatch.setattr("tilewright_runtime.stores.lmdb.environment._FIRST_MAP_BYTES", 1 << 20)
    store = open_store(f"lmdb:{tmp_path}/s")
    ended = threading.Event()

    def read(_: int) -> int:
        answers = 0
        while not ended.is_set():
            answers = len(store.scan("t", "s=a", [Range(1000, 0, 50_000)])[0])
        return answers

    with ThreadPoolExecutor(4) as pool:
        readers = pool.map(read, range(4))
        with start(GROWER, store.url) as grower:
            assert grower.communicate()[1] == ""
        sleep(0.1)
        ended.set()
        assert set(readers) == {50}


def test_a_folder_may_have_a_name_that_is_no_text(tmp_path: Path) -> None:
    """It is opened and copied by its bytes."""
    store = open_store(f"lmdb:{tmp_path}/" + os.fsdecode(b"tiles\xff"))
    assert isinstance(store, LmdbStore)
    store.put("name", b"value")
    copied = tmp_path / os.fsdecode(b"copy\xff")
    copied.mkdir()
    store.copy(copied)
    assert open_store(f"lmdb:{copied}", create=False).get("name") == b"value"
