"""Scans of the embedded store, which read many records at a time."""

from __future__ import annotations

import pytest

from tilewright_runtime.stores import Store, open_store
from tilewright_runtime.tiles.keys import Range, TileKeys

SIZE = 60_000
#: Tiles of two entities, of which one has a gap. They fill more than two parts of a scan.
TILES = {"a": [*range(100, 250), *range(300, 310)], "b": [100, 101]}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = open_store(f"lmdb:{tmp_path_factory.mktemp('scans')}/store")
    for entity, numbers in TILES.items():
        starts = [number * SIZE for number in numbers]
        keys = TileKeys("t", SIZE, [entity], [0] * len(starts), starts)
        records = [f"{entity}{number}".encode() for number in numbers]
        made.transact(  # type: ignore[attr-defined]
            lambda transaction, keys=keys, records=records: transaction.put_tiles(keys, records)
        )
    return made


@pytest.mark.parametrize("entity", ["a", "b", "aa", "c"])
@pytest.mark.parametrize(
    ("first", "end"),
    [(100, 250), (100, 164), (100, 165), (164, 228), (0, 99), (0, 1_000), (249, 301), (240, 320)],
)
def test_a_scan_reads_what_lies_in_its_range(
    store: Store, entity: str, first: int, end: int
) -> None:
    """Nothing of the next range, the next entity or the end of the table, and nothing twice."""
    wanted = [n for n in TILES.get(entity, []) if first <= n < end]
    found = store.scan("t", entity, [Range(SIZE, first * SIZE, end * SIZE)])
    assert found == [[f"{entity}{number}".encode() for number in wanted]]


def test_ranges_follow_one_another(store: Store) -> None:
    """Each begins where its own key lies, wherever the last one ended."""
    ranges = [Range(SIZE, 0, 102 * SIZE), Range(SIZE, 0, 101 * SIZE), Range(SIZE, 0, 0)]
    assert store.scan("t", "a", ranges) == [[b"a100", b"a101"], [b"a100"], []]
