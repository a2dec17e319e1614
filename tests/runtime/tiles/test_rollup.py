"""Coarser levels merged from the finest are those that are made from the events."""

from __future__ import annotations

from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from support.events import to_arrow
from support.examples import few
from support.plans import AT, DAY, HOUR, MINUTE, aggregations, plan_of
from tilewright import Aggregation, Operation
from tilewright.windows import format_duration
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.targets.sql import in_dialect
from tilewright_runtime.ingest.aggregation import Aggregator
from tilewright_runtime.testing.agreement import Tile, disagreements
from tilewright_runtime.tiles.header import HEADER_WORDS
from tilewright_runtime.tiles.layout import layout_of
from tilewright_runtime.tiles.records import RecordCodec
from tilewright_runtime.tiles.rollup import RollUp, tiles_of_engine
from tilewright_runtime.tiles.rows import LevelTiles

SCHEMA = {"k": "string", "n": "bigint", "x": "double", "t": "string"}
MIDNIGHT = AT // DAY * DAY
SIMPLE = [
    Operation.COUNT,
    Operation.SUM,
    Operation.MIN,
    Operation.MAX,
    Operation.FIRST,
    Operation.LAST,
    Operation.LAST_K(2),
]
OTHERS = [
    Operation.VARIANCE,
    Operation.KURTOSIS,
    Operation.APPROX_PERCENTILE([0.5]),
    Operation.APPROX_UNIQUE_COUNT,
]

event = st.fixed_dictionaries(
    {
        "k": st.sampled_from(["a", "b", "é"]),
        "n": st.none() | st.integers(-(2**62), 2**62),
        "x": st.none() | st.floats(-1e6, 1e6),
        "t": st.none() | st.sampled_from(["", "a", "\N{GRINNING FACE}"]),
        "ts": st.builds(
            lambda size, place: MIDNIGHT + size * place,
            st.sampled_from([1, MINUTE, HOUR, DAY]),
            st.integers(-3, 3),
        ),
    }
)


@cache
def plan() -> Plan:
    windows = ["15m", "7d"]
    return plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations("n", [*SIMPLE, *OTHERS], windows),
            *aggregations("x", SIMPLE, windows),
            # What the sums of floats are compared by.
            Aggregation(input_column="abs_x", operation=Operation.SUM, windows=windows),
            *aggregations(
                "t",
                [
                    Operation.MAX,
                    Operation.FIRST,
                    Operation.LAST,
                    Operation.HISTOGRAM(),
                    Operation.TOP_K(2),
                ],
                windows,
            ),
        ],
        selects={"k": "k", "n": "n", "x": "x", "t": "t", "abs_x": "abs(x)"},
    )


def from_events(events: pa.Table) -> list[LevelTiles]:
    """Every level, each from the events."""
    aggregator = Aggregator(plan(), 1 << 20)
    loaded = aggregator.load(
        "events", events.append_column("__row", pa.array(range(len(events)), pa.int64()))
    )
    tiles = [loaded.tiles(level.size_ms) for level in plan().levels]
    aggregator.close()
    return tiles


def finest(events: pa.Table) -> pa.Table:
    """The finest tiles as a warehouse gives them: the SQL of its target, with lists where the
    writer's has counts by value.
    """
    database = duckdb.connect()
    database.register("events", events)
    size = format_duration(plan().levels[-1].size_ms)
    return tiles_of_engine(
        plan(),
        database.sql(in_dialect("duckdb").files(plan())[f"sql/tiles_{size}.sql"]).to_arrow_table(),
    )


def records(levels: list[LevelTiles], of: Plan | None = None) -> dict[Tile, bytes]:
    codec = RecordCodec(layout_of(of or plan()))
    found: dict[Tile, bytes] = {}
    for tiles in levels:
        keys = tiles.keys
        names = [
            Tile(keys.size_ms, keys.entities[i], start)
            for i, start in zip(keys.entity, keys.starts_ms, strict=True)
        ]
        found |= dict(zip(names, codec.encode(tiles.block, keys), strict=True))
    return found


@cache
def plan_of_lists() -> Plan:
    windows = ["15m", "7d"]
    numbers = [
        Operation.COUNT,
        Operation.SUM,
        Operation.KURTOSIS,
        Operation.APPROX_PERCENTILE([0.5]),
    ]
    texts = [Operation.APPROX_UNIQUE_COUNT, Operation.TOP_K(2)]
    return plan_of(
        SCHEMA,
        ["k"],
        [*aggregations("n", numbers, windows), *aggregations("t", texts, windows)],
    )


@few(6)
@given(st.lists(event, min_size=1, max_size=12))
def test_a_batch_makes_sketches_of_all_values_of_a_tile(events: list[dict[str, Any]]) -> None:
    """The writer groups a batch once, and its tiles are those of a grouping for each level."""
    table = to_arrow(events, SCHEMA).append_column("__row", pa.array(range(len(events))))
    aggregator = Aggregator(plan_of_lists(), 1 << 20)
    loaded = aggregator.load("events", table)
    each = [loaded.tiles(level.size_ms) for level in plan_of_lists().levels]
    once = loaded.tiles_of_all().levels
    aggregator.close()
    of = plan_of_lists()
    assert disagreements(of, records(each, of), records(list(once), of)) == []
    for one, other in zip(each, once, strict=True):
        assert one.keys.starts_ms == other.keys.starts_ms
        # Of the same sum the words may differ, until a record carries them.
        assert (one.block.rows[:, :HEADER_WORDS] == other.block.rows[:, :HEADER_WORDS]).all()


@few(6)
@given(st.lists(event, min_size=1, max_size=12))
def test_coarser_tiles_are_those_of_the_events(events: list[dict[str, Any]]) -> None:
    """Tiles that lie in one of the next level merge to what the events of that tile make, for every
    kind of state.
    """
    table = to_arrow(events, SCHEMA)
    assert (
        disagreements(
            plan(), records(from_events(table)), records(RollUp(plan()).levels(finest(table)))
        )
        == []
    )
