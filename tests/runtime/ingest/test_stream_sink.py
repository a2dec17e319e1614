"""The sink of stream engines: the tiles in a store are those that the embedded writer makes of the
same events.
"""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.everything import (
    SCHEMA,
    assert_same_tiles,
    every_operation,
    some_events,
    written,
)
from support.examples import few
from support.partials import rows
from support.plans import AT, aggregations, plan_of
from tilewright import Operation
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.errors import StoreError
from tilewright_runtime.ingest.stream_sink import TileSink


def test_tiles_are_those_of_the_embedded_writer() -> None:
    """Of the same events every level has the same tiles, whatever SQL could add up and what was
    collected as lists.
    """
    plan, events = every_operation(), some_events(400)
    store = open_store("memory:")
    TileSink(plan, store).put(rows(plan, events))
    assert_same_tiles(plan, events, store, written(plan, events))


@few(25)
@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_the_order_of_puts_does_not_matter(shuffled: random.Random, count: int) -> None:
    """Tiles that come in any order, again and while they still grow leave the store as the last of
    them do.
    """
    plan = plan_of(
        SCHEMA,
        ["k", "m"],
        aggregations("n", [Operation.SUM, Operation.MAX, Operation.LAST], ["10m", "1h", "12h"]),
    )
    events = some_events(count, seed=count, huge=2**62)
    grown = [rows(plan, events[:end]) for end in range(1, count + 1, 7)] + [rows(plan, events)]
    shuffled.shuffle(grown)
    store = open_store("memory:")
    sinks = [TileSink(plan, store) for _ in range(2)]
    for sink, table in zip(itertools.cycle(sinks), grown, strict=False):
        sink.put(table)
    assert_same_tiles(plan, events, store, written(plan, events))


@few(25)
@given(st.randoms(use_true_random=False), st.integers(1, 60), st.integers(0, 60))
def test_a_sink_that_is_alone_makes_the_same_tiles(
    shuffled: random.Random, count: int, replaced: int
) -> None:
    """It keeps what it has put; one that takes its place in the middle reads it, and goes on with
    older rows as after a restart.
    """
    plan = plan_of(
        SCHEMA,
        ["k", "m"],
        aggregations("n", [Operation.SUM, Operation.LAST_K(2)], ["10m", "1h", "12h"]),
    )
    events = some_events(count, seed=count, huge=2**62)
    ends = [*range(1, count + 1, 7)]
    store = open_store("memory:")
    before, after = (
        ends[: replaced % (len(ends) + 1)],
        sorted([*ends[replaced // 2 % (len(ends) + 1) :], count]),
    )
    for part in (before, after):
        sink = TileSink(plan, store, is_alone=True)
        for end in part:
            sink.put(rows(plan, shuffled.sample(events[:end], end)))
    assert_same_tiles(plan, events, store, written(plan, events))


def test_a_sink_that_is_alone_reads_a_coarser_tile_once() -> None:
    """What lies in a coarser tile is not read again while it grows."""
    plan = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM], ["10m", "1h", "12h"]))
    events = [{**event, "ts": AT} for event in some_events(30)]
    store = open_store("memory:")
    sink = TileSink(plan, store, is_alone=True)
    sink.put(rows(plan, events))
    with mock.patch.object(store, "get_tiles", side_effect=AssertionError("read again")):
        sink.put(rows(plan, [*events, *({**event, "ts": AT + 1} for event in events)]))


@pytest.mark.parametrize("url", ["memory:", "lmdb:{folder}"])
def test_a_store_that_is_written_takes_no_stream(url: str, tmp_path: Path) -> None:
    """Whole tiles of a stream would replace what was added, or lose against it."""
    plan, events = every_operation(), some_events(20)
    store = open_store(url.format(folder=tmp_path / "store"))
    with Writer(plan, store) as writer:
        writer.write(events)
    with pytest.raises(StoreError, match=r"gets the tiles of .* from elsewhere \(tilewright write"):
        TileSink(plan, store)


def test_a_store_of_a_stream_is_not_written() -> None:
    """And it keeps the name of the stream, by which checkpoints know it."""
    plan, store = every_operation(), open_store("memory:")
    assert TileSink(plan, store).stream == TileSink(plan, store).stream
    assert TileSink(plan, open_store("memory:")).stream != TileSink(plan, store).stream
    with pytest.raises(
        StoreError, match="whole from a stream, which would replace what is added here"
    ):
        Writer(plan, store)


def test_of_rows_of_one_tile_the_largest_counts() -> None:
    """A batch may hold a tile several times, as it grew."""
    plan, events = every_operation(), some_events(50)
    grown = pa.concat_tables([rows(plan, events), rows(plan, events[:20]), rows(plan, events[:40])])
    store = open_store("memory:")
    TileSink(plan, store).put(grown)
    assert_same_tiles(plan, events, store, written(plan, events))


def test_nothing_is_put_of_no_rows() -> None:
    """An empty batch is no change."""
    plan = every_operation()
    store = open_store("memory:")
    assert TileSink(plan, store).put(rows(plan, [])) == 0


def test_a_store_of_another_plan_is_refused() -> None:
    """Tiles of two plans of one name are not mixed."""
    store = open_store("memory:")
    TileSink(every_operation(), store)
    with pytest.raises(StoreError, match="made by a plan with other keys"):
        TileSink(
            plan_of(SCHEMA, ["k"], aggregations("n", [Operation.COUNT]), name="everything"), store
        )


def test_nan_is_the_largest_number() -> None:
    """A NaN wins every maximum and no minimum, as it does in SQL."""
    plan = plan_of(
        {"k": "string", "x": "double"}, ["k"], aggregations("x", [Operation.MIN, Operation.MAX])
    )
    events = [{"k": "a", "x": value, "ts": AT - 1} for value in (1.0, float("nan"), None)]
    store = open_store("memory:")
    TileSink(plan, store).put(rows(plan, events))
    features = Fetcher(plan, store).fetch({"k": "a"}, at=AT).features
    assert (features["x_min_1h"], str(features["x_max_1h"])) == (1.0, "nan")
