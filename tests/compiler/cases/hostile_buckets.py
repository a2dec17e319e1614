"""Bucket columns whose names would break SQL, comments, templates or fields of a record if they were pasted raw."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query

NAMES = ['a"b', "it's -- x", "*/ x; DROP TABLE batch --", "{{ 7 * 7 }}", "by:x.entries", "batch"]
nasty = EventSource(
    schema={"user": "string", "list, \"of'": "array<string>", "x": "double", "ts": "bigint"} | dict.fromkeys(NAMES, "string"),
    query=Query(time_column="ts"),
)
group = GroupBy(
    sources=[nasty],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="x", operation=Operation.MAX, windows=["1h"], buckets=NAMES),
        Aggregation(input_column="list, \"of'", operation=Operation.COUNT, windows=["1h"], buckets=NAMES[:1]),
    ],
)
