"""Derivations that cannot be computed, named or shown."""

from tilewright import Aggregation, Derivation, EventSource, GroupBy, Operation, Query

events = EventSource(schema={"user": "string", "x": "double", "y": "double", "ts": "timestamp"}, query=Query(time_column="ts"))
derived = GroupBy(
    sources=[events],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column="user", operation=Operation.TOP_K(2), windows=["1h"], name="top"),
    ],
    derivations=[
        Derivation(name="misspelled", expression="x_sum_1hh + 1"),
        Derivation(name="of_a_column", expression="x + 1"),
        Derivation(name="of_another", expression="misspelled + 1"),
        Derivation(name="aggregate", expression="sum(x_sum_1h)"),
        Derivation(name="window", expression="sum(x_sum_1h) over (order by x_sum_1h)"),
        Derivation(name="subquery", expression="(select 1)"),
        Derivation(name="two", expression="x_sum_1h, 1"),
        Derivation(name="nothing", expression=""),
        Derivation(name="named", expression="x_sum_1h as y"),
        Derivation(name="unknown", expression="frobnicate(x_sum_1h)"),
        Derivation(name="untyped", expression="x_sum_1h + 'a' > interval 1 day"),
        Derivation(name="field", expression="top_1h.item"),
        Derivation(name="bytes", expression="cast('a' as binary)"),
        Derivation(name="interval", expression="interval 1 hour"),
        Derivation(name="X_sum_1h", expression="1"),
        Derivation(name="twice", expression="1"),
        Derivation(name="Twice", expression="2"),
        Derivation(name="__hidden", expression="1"),
        Derivation(name="two\nlines", expression="1"),
        Derivation(name="half \ud800", expression="1"),
        Derivation(name="argument", sql="1"),
    ],
)
# The feature of a broken aggregation may only seem unknown.
broken = GroupBy(
    sources=[events],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[Aggregation(input_column="y", operation=Operation.SUM, windows=["1x"])],
    derivations=[Derivation(name="double", expression="y_sum_1h * 2")],
)
