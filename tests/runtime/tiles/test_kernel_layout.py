"""What the kernel merges of a layout: small records of bucket values."""

from __future__ import annotations

import random

import pytest

from support.kernels import both, required_kernel
from support.plans import AT, MINUTE, aggregations, plan_of
from tilewright import Operation
from tilewright_runtime import Writer, open_store
from tilewright_runtime.tiles.buckets import buckets_of
from tilewright_runtime.tiles.kernel_layout import native_program

SCHEMA = {"k": "string", "kind": "string", "number": "bigint", "x": "double"}
OPERATIONS = [
    Operation.COUNT,
    Operation.SUM,
    Operation.AVERAGE,
    Operation.MIN,
    Operation.MAX,
    Operation.FIRST,
    Operation.LAST,
    Operation.UNIQUE_COUNT,
    Operation.APPROX_UNIQUE_COUNT,
    Operation.APPROX_PERCENTILE([0.1, 0.5]),
]


@pytest.mark.parametrize("column", ["kind", "number"])
def test_tables_of_bucket_values(column: str) -> None:
    """Texts and numbers in order, over many tiles and windows, with the same bits as numpy's."""
    asked = aggregations("x", OPERATIONS, ["15m", "6h"], buckets=[column])
    plan = plan_of(SCHEMA, ["k"], asked)
    chance = random.Random(5)
    events = [
        {
            "k": "a",
            "kind": chance.choice(["", "é", "a long text of a bucket", None]),
            "number": chance.choice([-(2**63), -1, 0, 7, None]),
            "x": chance.choice([None, -0.0, chance.uniform(-9, 9)]),
            "ts": AT - 1 - i * 2 * MINUTE,
        }
        for i in range(170)
    ]
    store = open_store("memory:")
    with Writer(plan, store) as writer:
        writer.write(events)
    own, reference = both(plan, store)
    for age_ms in (0, 7 * MINUTE, 90 * MINUTE):
        found = own.fetch({"k": "a"}, AT - age_ms)
        assert repr(found) == repr(reference.fetch({"k": "a"}, AT - age_ms))
        assert len(found.features[f"x_sum_6h_by_{column}"]) >= 3


def test_a_table_that_was_cut_is_left_to_numpy() -> None:
    """Each length is checked before it is followed."""
    required_kernel()
    plan = plan_of(SCHEMA, ["k"], aggregations("x", [Operation.SUM], buckets=["kind"]))
    (tables,) = buckets_of(plan).values()
    native = native_program(tables.layout, 0, ())
    table = bytes.fromhex("01000000") + bytes(8 * 2) + bytes.fromhex("02000000") + b"ab"
    assert native is not None
    assert [value for value, *_ in native.merge_tables([table], True)] == [b"ab"]
    assert native.merge_tables([table[:-1]], True) is None
    assert native.merge_tables([b"\xff" * 4 + table[4:]], True) is None
