"""Names and texts that would break SQL, templates or comments if they were pasted raw."""

from tilewright import Aggregation, Derivation, EventSource, GroupBy, Operation, Query

COLUMNS = {
    "select": "double",
    'a"b': "string",
    "it's": "double",
    "x; DROP TABLE batch --": "bigint",
    "{{ 7 * 7 }}": "string",
    "batch": "bigint",
}
nasty = EventSource(
    table='data/it\'s "{{ 7 * 7 }}" --\n*/ `x`.parquet',
    topic="kafka://broker/{% raw %}';\nDROP",
    schema=COLUMNS,
    query=Query(wheres=["`it's` < 100 and 'a;b--\"{{ x }}' <> `a\"b` -- an end */ of a comment"], time_column="`batch`"),
)
group = GroupBy(
    sources=[nasty],
    keys=['a"b', "{{ 7 * 7 }}"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="it's", operation=Operation.MAX, windows=["1h"]),
        Aggregation(input_column="x; DROP TABLE batch --", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column='a"b', operation=Operation.TOP_K(2), windows=["1h"]),
        Aggregation(input_column="select", operation=Operation.SUM, windows=["1h"], name="`{{ x }}`'; --", default=0),
    ],
    derivations=[Derivation(name="{% endraw %}\"'; --", expression="coalesce(`it's_max_1h`, 0) + if('--{{ x }}*/' = '\\n', 1, 2)")],
)
