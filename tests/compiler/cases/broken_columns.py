"""Columns, types and expressions that cannot be."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select

typo = EventSource(
    schema={"user": "strin", "x": "dubble", "ts": "timestamp", "d": "decimal(50,2)", "__row": "int", "TS": "date"},
    query=Query(selects=select(amount="x *", twice="price * 2"), time_column="ts"),
)
events = EventSource(
    schema={"user": "string", "price": "double", "n": "bigint", "ts": "timestamp", "raw": "binary"},
    query=Query(
        selects=select(
            "user",
            "raw",
            total="sum(price)",
            rank="row_number() over (order by price)",
            sub="(select 1)",
            luck="price * rand()",
            clock="unix_timestamp() - n",
            star="*",
            param=":price",
            jinja="{{ price }}",
            two="price, n",
            statement="drop table events",
            semicolon="n; n",
            nothing="",
            named="n as m",
            table="events.price",
            misspelled="pric * 2",
            unknown="frobnicate(price)",
            spark_only="hash(user)",
            wrong="user + 1",
            mixed="user = 1",
            text="cast(price as string)",
            untyped="null",
            ok="price * n",
            OK="n",
            __own="n",
        ),
        wheres=["price", "pric > 0", "true or"],
        time_column="user",
    ),
)
group = GroupBy(
    sources=[events],
    keys=["user", "user", "session"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="amount", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column="ok", operation=Operation.SUM, windows=["60m", "1h"]),
    ],
)
other = GroupBy(sources=[typo], keys=["user"], tiling_enabled=True, aggregations=group.aggregations)
