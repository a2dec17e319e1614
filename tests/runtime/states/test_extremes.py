"""The smallest and largest value."""

from __future__ import annotations

from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright_runtime.layout import layout_of, variable_kinds


def test_the_smaller_of_two_texts_is_kept_as_it_is() -> None:
    """A merged minimum of texts is the bytes of one of them."""
    plan = plan_of({"k": "string", "t": "string"}, ["k"], aggregations("t", [Operation.MIN]))
    functions = variable_kinds(plan, layout_of(plan))["min_t.value"]
    assert functions.encode(functions.merge([b"b", "é".encode(), b"a"])) == b"a"
