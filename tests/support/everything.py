"""Every kind of state and events for it, and whether two stores hold the same tiles: what all
engines are held to.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from support.events import to_arrow
from support.plans import AT, HOUR, MINUTE, aggregations, plan_of
from support.records import decoded
from tilewright import Operation
from tilewright_compiler.plan.model import Level, Plan
from tilewright_runtime import Writer, open_store
from tilewright_runtime.stores import Store
from tilewright_runtime.tiles.block import Block
from tilewright_runtime.tiles.entities import entity_encoder
from tilewright_runtime.tiles.header import NEWEST, SEQUENCE, START
from tilewright_runtime.tiles.keys import Range
from tilewright_runtime.tiles.layout import layout_of
from tilewright_runtime.tiles.records import RecordCodec

SCHEMA = {
    "k": "string",
    "m": "bigint",
    "n": "bigint",
    "x": "double",
    "d": "decimal(12,3)",
    "t": "string",
    "b": "boolean",
    "day": "date",
    "at": "timestamp",
}
NUMBERS = [
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
        Operation.STDDEV,
        Operation.KURTOSIS,
        Operation.LARGEST_K(3),
        Operation.SMALLEST_K(2),
        Operation.HISTOGRAM(),
    ),
    *(
        Operation.FIRST_K(2),
        Operation.LAST_K(3),
        Operation.UNIQUE_COUNT,
        Operation.BOUNDED_UNIQUE_COUNT(5),
    ),
    Operation.APPROX_UNIQUE_COUNT,
]
TDIGEST, KLL = (
    Operation.APPROX_PERCENTILE([0.5]),
    Operation.APPROX_PERCENTILE([0.1, 0.9], sketch="kll"),
)
TEXTS = [
    *(
        Operation.COUNT,
        Operation.MIN,
        Operation.MAX,
        Operation.FIRST,
        Operation.LAST,
        Operation.LAST_K(2),
        Operation.TOP_K(3),
    ),
    *(Operation.UNIQUE_COUNT, Operation.APPROX_UNIQUE_COUNT, Operation.HISTOGRAM(3)),
]
TIMES = [
    Operation.COUNT,
    Operation.MIN,
    Operation.MAX,
    Operation.FIRST,
    Operation.LAST,
    Operation.LARGEST_K(2),
]

Event = Mapping[str, Any]


def every_operation() -> Plan:
    """Two keys, each type of input and each kind of state, in tiles of 1m, 5m and 1h."""
    parts = [
        *(aggregations("n", [*NUMBERS, TDIGEST], ["10m", "1h", "12h"])),
        *(aggregations("x", [*NUMBERS, KLL], ["1h"])),
        *(aggregations("d", [*NUMBERS[:7], Operation.TOP_K(2)], ["1h", "12h"])),
        *(aggregations("t", TEXTS, ["1h"])),
        *(aggregations("b", [Operation.COUNT, Operation.LAST, Operation.HISTOGRAM()], ["1h"])),
        *(aggregations("day", TIMES, ["1h"])),
        *(aggregations("at", TIMES, ["1h"])),
    ]
    return plan_of(SCHEMA, ["k", "m"], parts, name="everything")


def some_events(count: int, seed: int = 7, huge: int = 100) -> list[Event]:
    """Events of a few entities within two hours, with nulls, ties of time, other alphabets and tile
    edges.
    """
    random.seed(seed)

    def maybe(value: Any) -> Any:
        return None if random.random() < 0.15 else value

    return [
        {
            "k": random.choice(["a", "é::{}", ""]),
            "m": random.choice([1, -(2**60)]),
            "n": maybe(random.choice([0, 1, -1, huge, -huge, random.randint(-5, 5)])),
            "x": maybe(random.choice([0.0, 1.5, -2.25, 1e2, random.random()])),
            "d": maybe(Decimal(random.randint(-(10**9), 10**9)).scaleb(-3)),
            "t": maybe(random.choice(["", "x", "y", "zürich", "\N{GRINNING FACE}"])),
            "b": maybe(random.random() < 0.5),
            "day": maybe(date(1969 + random.randint(0, 60), 1, 31)),
            "at": maybe(datetime(2024, 1, random.randint(1, 9), 1, 2, 3, 456789, UTC)),
            "ts": AT
            - 2 * HOUR
            + random.choice([0, 5 * MINUTE, 5 * MINUTE - 1, random.randint(0, 2 * HOUR - 1)]),
        }
        for _ in range(count)
    ]


def written(plan: Plan, events: Sequence[Event]) -> Store:
    """A store that the embedded writer has filled."""
    store = open_store("memory:")
    with Writer(plan, store) as writer:
        writer.write(to_arrow(events, SCHEMA))
    return store


def tiles(
    plan: Plan, store: Store, events: Sequence[Event], levels: Sequence[Level] = ()
) -> list[tuple[str, int, Block]]:
    """All tiles of a store, or those of some levels: for each entity and level, oldest first."""
    encode, codec = entity_encoder(plan.keys), RecordCodec(layout_of(plan))
    entities = sorted({encode([event[key.name] for key in plan.keys]) for event in events})
    spans = [
        Range(
            level.size_ms, AT - 24 * HOUR - AT % level.size_ms, AT + 24 * HOUR - AT % level.size_ms
        )
        for level in levels or plan.levels
    ]
    found = []
    for entity in entities:
        for span, records in zip(spans, store.scan(plan.name, entity, spans), strict=True):
            key = {"table": plan.name, "entity": entity, "size_ms": span.size_ms}
            found.append((entity, span.size_ms, decoded(codec, records, **key)))
    return found


def assert_same_tiles(plan: Plan, events: Sequence[Event], one: Store, other: Store) -> None:
    """Equal but for the rounding of floats, the bytes of sketches, and the flag of completeness,
    which no stream engine sets.
    """
    layout = layout_of(plan)
    floats = [
        layout.names[f"{c.state}.{c.field}"] for c in plan.tile_layout.columns if c.dtype == "f64"
    ]
    sketches = {
        field.name
        for field in layout.variable
        if field.kind in ("tdigest", "kll", "hll", "frequent")
    }
    for (_, _, a), (_, _, b) in zip(
        tiles(plan, one, events), tiles(plan, other, events), strict=True
    ):
        ints = np.setdiff1d(np.arange(6, layout.words - len(layout.variable)), floats)
        exact = [SEQUENCE, NEWEST, START, *ints.tolist()]
        np.testing.assert_array_equal(a.rows[:, exact], b.rows[:, exact])
        np.testing.assert_allclose(
            a.rows.view(np.float64)[:, floats],
            b.rows.view(np.float64)[:, floats],
            rtol=1e-9,
            atol=1e-5,
        )
        assert {name: values for name, values in a.variable.items() if name not in sketches} == {
            name: values for name, values in b.variable.items() if name not in sketches
        }
