"""Columns whose names and texts would end a quote, a statement, a comment or a template if they were written as they are."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query

events = EventSource(
    schema={
        'a"b': "string",
        "{{ 7 * 7 }}": "bigint",
        "it's": "double",
        "x; DROP TABLE batch --": "bigint",
        "`tick": "bigint",
        "select": "double",
        "größe /* 😀": "string",
        "ts": "bigint",
    },
    query=Query(
        wheres=["`it's` < 100 and coalesce(`größe /* 😀`, '') <> '--\"{{ x }}''; */ `'"],
        time_column="ts",
    ),
)
names = GroupBy(
    sources=[events],
    keys=['a"b', "{{ 7 * 7 }}"],
    tiling_enabled=True,
    online=True,
    name="conformance.names",
    aggregations=[
        Aggregation(input_column="it's", operation=Operation.MAX, windows=["1h"]),
        Aggregation(input_column="it's", operation=Operation.LAST, windows=["1h"]),
        Aggregation(input_column="x; DROP TABLE batch --", operation=Operation.SUM, windows=["1h", "12h"]),
        Aggregation(input_column="`tick", operation=Operation.LAST_K(2), windows=["1h"]),
        Aggregation(input_column="größe /* 😀", operation=Operation.COUNT, windows=["1h"]),
        Aggregation(input_column="größe /* 😀", operation=Operation.MAX, windows=["1h"]),
        Aggregation(input_column="select", operation=Operation.AVERAGE, windows=["1h"], name="`{{ x }}`'; --"),
    ],
)
