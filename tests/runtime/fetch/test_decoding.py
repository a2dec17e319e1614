"""Decoding of the records that a fetch read."""

from __future__ import annotations

import pytest

from support.plans import AT, MINUTE, aggregations, plan_of
from tilewright import Operation
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.errors import CorruptRecordError
from tilewright_runtime.fetch.decoding import Decoder
from tilewright_runtime.fetch.tiles import DecodedTiles
from tilewright_runtime.tiles.keys import Range

SIZE = 5 * MINUTE
#: The start of the newest tile that ends before the query time.
NEWEST = AT // SIZE * SIZE - SIZE
EVERYTHING = Range(SIZE, NEWEST - 5 * SIZE, NEWEST + SIZE)


def stored() -> tuple[Decoder, str, list[bytes]]:
    """Write three neighbouring tiles, and return their records."""
    plan = plan_of({"k": "string", "n": "bigint"}, ["k"], aggregations("n", [Operation.SUM]))
    store = open_store("memory:")
    with Writer(plan, store) as writer:
        writer.write([{"k": "a", "n": 1, "ts": NEWEST - tiles * SIZE} for tiles in range(3)])
    fetcher = Fetcher(plan, store)
    entity = fetcher.entity({"k": "a"})
    (records,) = store.scan(plan.name, entity, [EVERYTHING])
    return Decoder(plan, fetcher.program.codec), entity, list(records)


def decoded(wanted: list[Range], answers: list[list[bytes]]) -> DecodedTiles:
    """Decode some records as what ranges gave."""
    decoder, entity, _ = stored()
    return decoder.decode(entity, wanted, answers, lambda index: f"record {index}")


def test_tiles_stand_by_level_and_start() -> None:
    """Runs of one level are one run of tiles."""
    _, _, records = stored()
    halves = [EVERYTHING._replace(end_ms=NEWEST), EVERYTHING._replace(start_ms=NEWEST)]
    tiles = decoded(halves, [records[:2], records[2:]])
    assert tiles.starts == [NEWEST - 2 * SIZE, NEWEST - SIZE, NEWEST]
    assert tiles.bounds == {SIZE: (0, 3)}


@pytest.mark.parametrize("order", [[1, 0, 2], [0, 1, 1]])
def test_a_record_in_another_place_is_refused(order: list[int]) -> None:
    """Neither another order nor the same tile twice is what a store gives."""
    _, _, records = stored()
    with pytest.raises(CorruptRecordError, match=r"record [12]: in its place stands"):
        decoded([EVERYTHING], [[records[index] for index in order]])


def test_a_record_outside_its_range_is_refused() -> None:
    """It would count in a window that it is not in."""
    _, _, records = stored()
    with pytest.raises(CorruptRecordError, match="record 2: in its place stands"):
        decoded([EVERYTHING._replace(end_ms=NEWEST)], [records])


def test_nothing_read_is_no_tile() -> None:
    """A level without tiles has an empty run."""
    tiles = decoded([EVERYTHING], [[]])
    assert (tiles.starts, tiles.bounds, tiles.approximate) == ([], {SIZE: (0, 0)}, 0)
