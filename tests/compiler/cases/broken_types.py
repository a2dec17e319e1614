"""Operations over types that they do not take, defaults of another type, sources that disagree, lists where none may be."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select

SCHEMA = {"user": "string", "b": "boolean", "f": "double", "s": "string", "wide": "decimal(30,2)", "bin": "binary", "ts": "timestamp"}
one = EventSource(schema=SCHEMA, query=Query(time_column="ts"))
two = EventSource(schema=SCHEMA, query=Query(selects=select("user", "s", b="1", f="'a'", day="ts - ts"), time_column="b"))
types = GroupBy(
    sources=[one],
    keys=["user", "bin"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="s", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column="b", operation=Operation.AVERAGE, windows=["1h"]),
        Aggregation(input_column="b", operation=Operation.MIN, windows=["1h"]),
        Aggregation(input_column="f", operation=Operation.TOP_K(3), windows=["1h"]),
        Aggregation(input_column="s", operation=Operation.APPROX_PERCENTILE([0.5]), windows=["1h"]),
        Aggregation(input_column="wide", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column="f", operation=Operation.SUM, windows=["1h"], default="none"),
        Aggregation(input_column="s", operation=Operation.COUNT, windows=["1h"], default=0.5),
        Aggregation(input_column="s", operation=Operation.LAST, windows=["1h"], default=object),
        Aggregation(input_column="f", operation=Operation.AVERAGE, windows=["1h"], default=float("nan")),
        Aggregation(input_column="user", operation=Operation.VARIANCE, windows=["1h"]),
        Aggregation(input_column="b", operation=Operation.LARGEST_K(2), windows=["1h"]),
        Aggregation(input_column="s", operation=Operation.LAST_K(2), windows=["1h"], default="none"),
        Aggregation(input_column="s", operation=Operation.HISTOGRAM(), windows=["1h"], default=[]),
        Aggregation(input_column="s", operation=Operation.UNIQUE_COUNT, windows=["1h"], default=None),
    ],
)
twice = GroupBy(
    sources=[one, EventSource(name="second", schema=SCHEMA, query=Query(selects=select("user", b="1", f="'a'"), time_column="ts"))],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="b", operation=Operation.COUNT, windows=["1h"]),
        Aggregation(input_column="f", operation=Operation.COUNT, windows=["1h"]),
    ],
)
times = GroupBy(
    sources=[two, EventSource(name="a b", query=Query(time_column="ts")), EventSource(table="none.parquet", query=Query(time_column="ts"))],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[Aggregation(input_column="s", operation=Operation.COUNT, windows=["1h"])],
)
UNREAD = {"user": "string", "deep": "array<array<int>>", "odd": "array<strin>", "ts": "date"}
unread = GroupBy(
    sources=[EventSource(schema=UNREAD, query=Query(time_column="ts"))],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[Aggregation(input_column="user", operation=Operation.COUNT, windows=["1h"])],
)
LISTS = {"user": "string", "flags": "array<boolean>", "bins": "array<binary>", "ts": "date"}
sums = GroupBy(
    sources=[EventSource(schema=LISTS, query=Query(time_column="ts"))],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="flags", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column="flags", operation=Operation.LAST, windows=["1h"], default=[]),
        Aggregation(input_column="bins", operation=Operation.COUNT, windows=["1h"]),
    ],
)
keyed = GroupBy(
    sources=[EventSource(schema=LISTS, query=Query(time_column="ts"))],
    keys=["flags"],
    tiling_enabled=True,
    aggregations=[Aggregation(input_column="user", operation=Operation.COUNT, windows=["1h"])],
)
unlike = GroupBy(
    sources=[
        EventSource(name=name, schema={"user": "string", "flags": kind, "ts": "date"}, query=Query(time_column="ts"))
        for name, kind in (("one", "boolean"), ("many", "array<boolean>"))
    ],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[Aggregation(input_column="flags", operation=Operation.COUNT, windows=["1h"])],
)
