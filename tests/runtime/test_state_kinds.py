"""What all kinds of states have in common."""

from __future__ import annotations

import pyarrow as pa
import pytest

from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright_runtime.layout import layout_of, variable_kinds

COLUMNS = {
    "tdigest_x.sketch": pa.array([[1.0, 2.0], None, []]),
    "hll_t.sketch": pa.array([["a", ""], None, []]),
    "frequent_t.sketch": pa.array([[("a", 2)], None, []], pa.map_(pa.string(), pa.int64())),
    "min_t.value": pa.array(["b", None, ""]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_tile_without_values_has_no_sketch(name: str) -> None:
    """Null stays null, and what is built can be merged, alone and with an empty one, leaving its bytes as they are (errata A8)."""
    texts = [Operation.APPROX_UNIQUE_COUNT, Operation.TOP_K(2), Operation.MIN]
    digest = aggregations("x", [Operation.APPROX_PERCENTILE([0.5])])
    plan = plan_of({"k": "string", "x": "double", "t": "string"}, ["k"], [*digest, *aggregations("t", texts)])
    functions = variable_kinds(plan, layout_of(plan))[name]
    built = functions.build(COLUMNS[name])
    assert built[1] is None
    parts = [part for part in built if part is not None]
    before = list(parts)
    for some in (parts, parts[:1], parts[1:]):
        functions.encode(functions.merge(some))
    assert parts == before
