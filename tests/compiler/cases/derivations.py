"""Values computed from features: numbers, lists, maps and structs, names that SQL would misread."""

from tilewright import Aggregation, Derivation, EventSource, GroupBy, Operation, Query

events = EventSource(
    schema={"user": "string", "clicks": "bigint", "price": "decimal(12,2)", "item": "string", "seen": "timestamp", "ts": "timestamp"},
    query=Query(time_column="ts"),
)
derived = GroupBy(
    sources=[events],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="clicks", operation=Operation.SUM, windows=["1h", "1d"]),
        Aggregation(input_column="clicks", operation=Operation.LAST_K(3), windows=["1d"]),
        Aggregation(input_column="price", operation=Operation.SUM, windows=["1d"], name='the "price"'),
        Aggregation(input_column="item", operation=Operation.TOP_K(2), windows=["1d"]),
        Aggregation(input_column="item", operation=Operation.HISTOGRAM(), windows=["1d"]),
        Aggregation(input_column="seen", operation=Operation.LAST, windows=["1d"]),
    ],
    derivations=[
        Derivation(name="trend", expression="clicks_sum_1h * 24 / clicks_sum_1d"),
        Derivation(name="spent", expression='coalesce(`the "price"_1d`, 0)'),
        Derivation(name="step", expression="clicks_last3_1d[0] - clicks_last3_1d[1]"),
        Derivation(name="favourite", expression="item_top2_1d[0].item"),
        Derivation(name="kinds", expression="size(item_histogram_1d)"),
        Derivation(name="bags", expression="element_at(item_histogram_1d, 'bag')"),
        Derivation(name="day; --", expression="cast(SEEN_LAST_1d as date)"),
        Derivation(name="one", expression="1"),
    ],
)
