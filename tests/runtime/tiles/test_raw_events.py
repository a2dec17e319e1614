"""Raw events to rows of tiles: what numpy makes of them is what the SQL of the states makes of the
same events.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.events import to_arrow
from support.examples import few
from support.plans import AT, MINUTE, plan_of
from support.records import names_of
from tilewright import Aggregation, Operation
from tilewright.operations import OperationSpec
from tilewright_compiler.plan.model import Plan, State
from tilewright_compiler.plan.types import family
from tilewright_compiler.states import state_types
from tilewright_runtime.fetch.exact import ExactEvents
from tilewright_runtime.ingest.aggregation import Aggregator
from tilewright_runtime.tiles.block import Block

FIVE = 5 * MINUTE
OPERATIONS: list[OperationSpec] = [
    *(
        Operation.COUNT,
        Operation.SUM,
        Operation.AVERAGE,
        Operation.MIN,
        Operation.MAX,
        Operation.FIRST,
        Operation.LAST,
    ),
    *(
        Operation.VARIANCE,
        Operation.SKEW,
        Operation.UNIQUE_COUNT,
        Operation.BOUNDED_UNIQUE_COUNT(3),
        Operation.HISTOGRAM(),
    ),
    *(
        Operation.FIRST_K(3),
        Operation.LAST_K(3),
        Operation.LARGEST_K(3),
        Operation.SMALLEST_K(3),
        Operation.TOP_K(2),
    ),
    *(
        Operation.APPROX_UNIQUE_COUNT,
        Operation.APPROX_PERCENTILE([0.5]),
        Operation.APPROX_PERCENTILE([0.5], sketch="kll"),
    ),
]
odd = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1e308, -1e308, 5e-324])

#: type of the input -> its values
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "bigint": st.integers(-(2**53), 2**53) | st.sampled_from([2**63 - 1, -(2**63), 0, -1]),
    "double": st.integers(-5, 5).map(float) | st.floats(-1e6, 1e6) | odd,
    "decimal(12,3)": st.decimals(places=3, min_value=-999_999, max_value=999_999),
    "string": st.sampled_from(["", "a", "é", "\uffff", "\N{GRINNING FACE}"]) | st.text(max_size=3),
    "boolean": st.booleans(),
    "date": st.dates(),
    "timestamp": st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
    | st.just(datetime(1970, 1, 1, tzinfo=UTC)),
    "array<string>": st.lists(st.none() | st.sampled_from(["", "a", "b"]), max_size=3),
    "array<double>": st.lists(st.none() | st.floats(-100, 100), max_size=3),
}


@cache
def plan(kind: str) -> Plan:
    """Every operation that takes a type, exactly over an hour."""
    duckdb = {
        "bigint": "BIGINT",
        "double": "DOUBLE",
        "string": "VARCHAR",
        "decimal(12,3)": "DECIMAL(12,3)",
    }
    of = kind.removeprefix("array<").removesuffix(">")
    taken = family(duckdb.get(of, of.upper()))
    taking = [one for one in OPERATIONS if taken in one.accepts]
    asked = [
        Aggregation(input_column="v", operation=one, windows=["1h"], name=f"f{i}")
        for i, one in enumerate(taking)
    ]
    return plan_of({"k": "string", "v": kind}, ["k"], asked, edge="exact")


def test_every_kind_of_state_is_compared() -> None:
    """The plans of all types have every state that there is."""
    assert {state.kind for kind in VALUES for state in plan(kind).states} == set(state_types())


@pytest.mark.filterwarnings("error", "ignore::ResourceWarning")
@pytest.mark.parametrize("kind", VALUES)
def test_rows_of_raw_events_are_those_of_sql(kind: str) -> None:
    """Tiles made of chunks of raw events in numpy hold what the tile query makes of the same
    events, state by state.
    """
    made, times = plan(kind), AT // FIVE * FIVE
    aggregator = Aggregator(made, 400)
    layout = aggregator.rows.layout
    assert made.events is not None
    events = ExactEvents(made, made.events, layout, aggregator.rows.buckets)
    assert aggregator.chunks is not None
    moments = st.integers(0, 7).map(lambda place: times + place * 77_777)
    row = st.builds(lambda v, ts: {"k": "a", "v": v, "ts": ts}, st.none() | VALUES[kind], moments)

    @few(4)
    @given(st.lists(row, min_size=1, max_size=20))
    def check(rows: list[dict[str, Any]]) -> None:
        table = to_arrow(rows, {"k": "string", "v": kind}).append_column(
            "__row", [list(range(len(rows)))]
        )
        loaded = aggregator.load("events", table)
        chunks, tiles = loaded.event_chunks(), loaded.tiles(FIVE)
        assert aggregator.chunks is not None and chunks is not None
        starts = [*tiles.keys.starts_ms, tiles.keys.starts_ms[-1] + FIVE]
        found = events.between(
            aggregator.chunks.codec.encode(chunks.block, chunks.keys),
            starts,
            chunks.keys.entities[0],
            names_of(chunks.keys),
        )
        assert_same(made, aggregator, found, tiles.block, largest(rows))

    check()


def largest(rows: list[dict[str, Any]]) -> float:
    """The largest magnitude among the numbers, of which rounding errors are a part."""
    values = [
        value for row in rows for value in (row["v"] if isinstance(row["v"], list) else [row["v"]])
    ]
    return max(
        (
            abs(float(v))
            for v in values
            if isinstance(v, int | float | Decimal) and math.isfinite(v)
        ),
        default=0.0,
    )


#: the powers of values that a field of moments is a sum of
POWERS = {"m2": 2, "m3": 3, "m4": 4}


def assert_same(
    made: Plan, aggregator: Aggregator, found: Block, wanted: Block, size: float
) -> None:
    layout, states = aggregator.rows.layout, {state.id: state for state in made.states}
    aggregator_rows = [
        np.array([list(normal(layout.limbs, row)) for row in block.rows.tolist()])
        for block in (found, wanted)
    ]
    for name, word in layout.names.items():
        column = next(c for c in made.tile_layout.columns if f"{c.state}.{c.field}" == name)
        if column.merge == "moments" and size > 1e75:
            # Whose powers do not fit a double, so that it depends on the order what becomes of
            # them.
            continue
        got, want = (rows[:, word] for rows in aggregator_rows)
        if column.dtype == "f64":
            allowed = 1e-9 * size ** POWERS.get(column.field, 1)
            pairs = zip(got.view(np.float64).tolist(), want.view(np.float64).tolist(), strict=True)
            assert all(same_float(one, other, 20 * allowed) for one, other in pairs), name
        else:
            assert got.tolist() == want.tolist(), name
    for name, values in wanted.variable.items():
        show = shown(states[name.rpartition(".")[0]], aggregator.rows.codecs[name].merge)
        assert [show(part) for part in found.variable[name]] == [show(part) for part in values], (
            name
        )


def normal(limbs: tuple[tuple[int, int], ...], row: list[int]) -> list[int]:
    """A row whose sums are in the form that records have."""
    for high, low in limbs:
        row[high], row[low] = row[high] + (row[low] >> 32), row[low] & 0xFFFFFFFF
    return row


def same_float(one: float, other: float, allowed: float) -> bool:
    """Within the tolerance; sums of the largest numbers may overflow in one order and not in
    another.
    """
    return (
        one == other
        or (math.isnan(one) and math.isnan(other))
        or abs(one - other) <= allowed
        or max(abs(one), abs(other)) > 1e300
    )


def shown(state: State, merge: Callable[[list[bytes]], Any]) -> Callable[[bytes | None], Any]:
    """What there is to be compared of a state's bytes: of sketches what they answer, else the bytes
    themselves.
    """

    def show(part: bytes | None) -> Any:
        if part is None:
            return None
        match state.kind:
            case "tdigest" | "kll":
                sketch = merge([part])
                return (
                    None
                    if sketch.is_empty()
                    else [sketch.get_quantile(rank) for rank in (0, 0.3, 0.5, 1)]
                )
            case "hll":
                return round(merge([part]).get_estimate(), 6)
            case "frequent":
                return merge([part]).summary
        return part

    return show
