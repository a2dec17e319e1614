"""Records that the kernel finds in the bytes of the file, beside those that LMDB gives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from support.kernels import required_kernel
from tilewright_runtime.stores import Store, open_store
from tilewright_runtime.stores.lmdb.mapped import Found
from tilewright_runtime.tiles.keys import Range, Ranges, TileKeys

SIZE = 60_000


def put(store: Any, entity: str, numbers: Sequence[int], size: int = 90) -> None:
    """Write records of some tiles, of which each says whose it is."""
    keys = TileKeys("t", SIZE, [entity], [0] * len(numbers), [n * SIZE for n in numbers])
    records = [f"{entity}{number}".encode().ljust(size, b".") for number in numbers]
    store.transact(lambda transaction: transaction.put_tiles(keys, records))


def prepared(*bounds: tuple[int, int]) -> Ranges:
    """Ranges of tiles that the kernel knows."""
    ranges = Ranges(Range(SIZE, first * SIZE, end * SIZE) for first, end in bounds)
    ranges.prepare(required_kernel())
    return ranges


def both(store: Any, entity: str, ranges: Ranges) -> tuple[Any, Any]:
    """What the kernel finds, and what LMDB gives."""
    found = scan_natively(store, entity, ranges)
    native = None if found is None else [list(part) for part in found[0][0]]
    return native, store.scan("t", entity, list(ranges))


def scan_natively(store: Any, entity: str, ranges: Ranges) -> Found | None:
    """Ask the kernel alone."""
    environment = store._environment

    def work(transaction: Any) -> Found | None:
        found: Found | None
        found = environment.mapped.scan(transaction, "t", [(entity, ranges)], [b"format"])
        return found

    found: Found | None = environment.read(environment.tiles, work)
    return found


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"lmdb:{tmp_path}/store")


def test_the_kernel_finds_what_lmdb_gives(store: Store) -> None:
    """Whatever lies around a range: gaps, other entities, large records, several pages."""
    draw = random.Random(5)
    entities = ["a", "aa", "b", "ü"]
    for entity in entities * 3:
        numbers = sorted(draw.sample(range(400), draw.choice([1, 30, 300])))
        put(store, entity, numbers, draw.choice([8, 90, 5_000]))
    for _ in range(200):
        entity = draw.choice([*entities, "", "c"])
        first, end = draw.randrange(420), draw.randrange(420)
        native, given = both(store, entity, prepared((first, end), (0, first), (end, end + 1)))
        assert native == given


def test_documents_are_read_with_the_records(store: Store) -> None:
    """Those that are there, as of the same moment."""
    put(store, "a", [1])
    found = scan_natively(store, "a", prepared((0, 2)))
    assert found is not None
    assert found[1] == [b"1"]


def test_a_file_that_grows_is_mapped_anew(store: Store) -> None:
    """Records beyond the end of the map are found by the next call."""
    put(store, "a", range(10))
    both(store, "a", prepared((0, 10)))
    put(store, "b", range(2_000), 500)
    native, given = both(store, "b", prepared((0, 2_000)))
    assert native == given
    assert len(given[0]) == 2_000


def test_a_moment_that_may_be_written_over_is_left_to_lmdb(store: Any) -> None:
    """After one more commit the next one may change the page that names the roots."""
    put(store, "a", [1])
    put(store, "a", [2])
    number = store.last_change()
    ranges = prepared((0, 9))
    tables = mapped_tables(store, ranges)
    assert tables.scan(number, "t", [("a", ranges)], []) is not None
    put(store, "a", [3])
    assert tables.scan(number, "t", [("a", ranges)], []) is None


def test_a_file_that_was_replaced_is_read_no_more_than_by_lmdb(
    store: Store, tmp_path: Path
) -> None:
    """Another store under the same name is not seen before it is opened."""
    put(store, "a", [1])
    other = open_store(f"lmdb:{tmp_path}/other")
    put(other, "a", [2])
    (tmp_path / "store").rename(tmp_path / "before")
    (tmp_path / "other").rename(tmp_path / "store")
    native, given = both(store, "a", prepared((0, 9)))
    assert native == given == [[b"a1".ljust(90, b".")]]


def mapped_tables(store: Any, ranges: Ranges) -> Any:
    """The kernel's view of the file, once something was read."""
    scan_natively(store, "a", ranges)
    return store._environment.mapped.tables


def test_a_damaged_file_gives_records_or_nothing(store: Any, tmp_path: Path) -> None:
    """The kernel reads nothing outside of the bytes, whatever they are."""
    put(store, "a", range(300))
    put(store, "b", range(3), 5_000)
    number, ranges = store.last_change(), prepared((0, 300))
    sound = (tmp_path / "store" / "data.mdb").read_bytes()
    draw = random.Random(3)
    for _ in range(300):
        content = bytearray(sound)
        for _ in range(draw.choice([1, 3, 30])):
            page = draw.randrange(len(content) // 4096)
            content[page * 4096 + draw.choice([draw.randrange(40), draw.randrange(4096)])] ^= 255
        tables = required_kernel().MappedTables(bytes(content[: draw.choice([None, 5000, 20_000])]))
        for entity in ("a", "b"):
            found = tables.scan(number, "t", [(entity, ranges)], [b"format"])
            assert found is None or len(found[0][0][0]) <= 300
