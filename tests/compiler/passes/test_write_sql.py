"""The generated SQL, run as the writer runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import nan
from typing import Any

import duckdb
import pytest

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query
from tilewright.operations.spec import OperationSpec
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.frontend.column_types import duckdb_type
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.plan.types import family
from tilewright_compiler.states import fields_of

Tiles = list[dict[str, Any]]
RunPlan = Callable[..., Tiles]

NOON = 1_704_369_600_000
DAY = 86_400_000
OPERATIONS = (
    *(
        Operation.COUNT,
        Operation.SUM,
        Operation.AVERAGE,
        Operation.MIN,
        Operation.MAX,
        Operation.FIRST,
        Operation.LAST,
    ),
    *(Operation.APPROX_UNIQUE_COUNT, Operation.APPROX_PERCENTILE([0.5]), Operation.TOP_K(2)),
    *(
        Operation.VARIANCE,
        Operation.KURTOSIS,
        Operation.APPROX_PERCENTILE([0.5], sketch="kll"),
        Operation.HISTOGRAM(2),
    ),
    *(Operation.UNIQUE_COUNT, Operation.BOUNDED_UNIQUE_COUNT(2)),
    *(Operation.FIRST_K(2), Operation.LAST_K(2), Operation.LARGEST_K(2), Operation.SMALLEST_K(2)),
)
#: Spark type -> three values, as texts of a file, in ascending order
VALUES = {
    "tinyint": ("-5", "0", "7"),
    "int": ("-5", "0", "7"),
    "bigint": ("-9000000000000000000", "0", "9000000000000000000"),
    "float": ("-1.5", "0", "2.5"),
    "double": ("-1.5", "0", "2.5"),
    "decimal(18,2)": ("-9999999999999999.99", "0.00", "9999999999999999.99"),
    "boolean": ("false", "true", "true"),
    "string": ("", "a'b\"c", "ä;--"),
    "date": ("1960-02-29", "1970-01-01", "2024-01-31"),
    "timestamp": ("1960-02-29 00:00:00.5", "1970-01-01 00:00:00", "2024-01-31 23:59:59.999999"),
    "timestamp_ntz": ("1960-02-29 00:00:00.5", "1970-01-01 00:00:00", "2024-01-31 23:59:59.999999"),
}


def _plan(
    schema: Mapping[str, str],
    *aggregations: Aggregation,
    wheres: tuple[str, ...] = (),
    keys: tuple[str, ...] = ("user",),
) -> Plan:
    source = EventSource(
        schema={**schema, "ms": "bigint"}, query=Query(time_column="ms", wheres=wheres)
    )
    return compile_group_by(
        GroupBy(sources=[source], keys=keys, tiling_enabled=True, aggregations=aggregations)
    )


def _reasons(database: duckdb.DuckDBPyConnection) -> list[str | None]:
    return [
        reason
        for (reason,) in database.execute(
            'SELECT "__reason" FROM events ORDER BY "__row"'
        ).fetchall()
    ]


TAKEN = [
    (operation, kind)
    for operation in OPERATIONS
    for kind in VALUES
    if family(duckdb_type(kind)) in operation.accepts
]


@pytest.mark.parametrize(
    ("operation", "kind"), TAKEN, ids=lambda value: getattr(value, "name", value)
)
def test_every_operation_of_every_type(
    operation: OperationSpec, kind: str, run_plan: RunPlan
) -> None:
    """Each operation that takes a type runs over its smallest and largest values and nulls, and
    counts no null.
    """
    probe = Aggregation(input_column="x", operation=Operation.COUNT, windows=["1d"])
    plan = _plan(
        {"user": "string", "x": kind},
        probe,
        Aggregation(input_column="x", operation=operation, windows=["1d"], name="it"),
    )
    low, middle, high = VALUES[kind]
    rows = [
        ("a", high, NOON),
        ("a", None, NOON + 1),
        ("a", low, NOON + 2),
        ("a", middle, NOON + 3),
        ("b", None, NOON),
    ]
    by_user = {tile["key:user"]: tile for tile in run_plan(plan, rows, DAY)}
    fields = [
        f"{s.id}.{f.name}" for s in plan.states for f in fields_of(s, "x") if f.sql is not None
    ]
    assert list(by_user["a"]) == ["key:user", "__start", "__events", "__newest", *fields]
    assert (by_user["a"]["count_x.n"], by_user["b"]["count_x.n"]) == (3, 0)
    assert (by_user["a"]["__events"], by_user["a"]["__newest"], by_user["a"]["__start"]) == (
        4,
        NOON + 3,
        NOON // DAY * DAY,
    )
    for field in set(fields) - {"count_x.n"}:
        assert by_user["a"][field] is not None
        assert by_user["b"][field] == (0 if field.endswith(".n") else None)


def test_values_of_states(run_plan: RunPlan) -> None:
    """Sums, extremes and endpoints of a tile are those of its events, whatever their order."""
    operations = (
        Operation.SUM,
        Operation.MIN,
        Operation.MAX,
        Operation.FIRST,
        Operation.LAST,
        Operation.APPROX_UNIQUE_COUNT,
    )
    plan = _plan(
        {"user": "string", "x": "bigint"},
        *(Aggregation(input_column="x", operation=o, windows=["1h"]) for o in operations),
    )
    values = [(2**63 - 1, 5), (7, 9), (7, 1), (-3, 1), (2**63 - 1, 2), (None, 0), (8, 9)]
    (tile,) = run_plan(plan, [("a", x, NOON + after) for x, after in values], text=False)
    assert tile["sum_x.hi"] * 2**32 + tile["sum_x.lo"] == 2 * (2**63 - 1) + 7 + 7 - 3 + 8
    assert (tile["min_x.value"], tile["max_x.value"]) == (-3, 2**63 - 1)
    assert (tile["first_x.ts"], tile["first_x.value"]) == (NOON + 1, 7), (
        "ties of time go to the larger value"
    )
    assert (tile["last_x.ts"], tile["last_x.value"]) == (NOON + 9, 8)
    assert sorted(tile["hll_x.sketch"]) == [-3, 7, 7, 8, 2**63 - 1, 2**63 - 1]


def test_events_fall_into_half_open_tiles(run_plan: RunPlan) -> None:
    """A tile holds its start and not its end."""
    #  tiles   |.........|.........|
    #  events  *        **        *
    hour = 3_600_000
    plan = _plan(
        {"user": "string"},
        Aggregation(input_column="user", operation=Operation.COUNT, windows=["1d"]),
    )
    rows = [("a", NOON), ("a", NOON + hour - 1), ("a", NOON + hour), ("a", NOON + 2 * hour - 1)]
    tiles = run_plan(plan, rows, hour)
    assert sorted((t["__start"], t["__events"], t["__newest"]) for t in tiles) == [
        (NOON, 2, NOON + hour - 1),
        (NOON + hour, 2, NOON + 2 * hour - 1),
    ]


def test_unusable_rows_have_a_reason(
    run_plan: RunPlan, database: duckdb.DuckDBPyConnection
) -> None:
    """A row that cannot be used says why, and stays out of the tiles."""
    count = Aggregation(input_column="n", operation=Operation.COUNT, windows=["1h"])
    plan = _plan(
        {"user": "string", "n": "int", "x": "double"},
        count,
        Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"]),
    )
    outside = "time is outside 1971-2099"
    rows: list[tuple[tuple[Any, ...], str | None]] = [
        (("a", "1", "1.5", str(NOON)), None),
        (("a", None, None, str(NOON)), None),
        (("a", "one", "1", str(NOON)), "n is not an int"),
        (("a", "1.5", "1", str(NOON)), "n is not an int"),
        (("a", "99999999999", "1", str(NOON)), "n is not an int"),
        (("a", "1", "1,5", str(NOON)), "x is not a double"),
        (("a", "1", "", str(NOON)), "x is not a double"),
        ((None, "1", "1", str(NOON)), "key user is null"),
        (("a", "1", "1", None), "time is null"),
        (("a", "1", "1", "yesterday"), "ms is not a bigint"),
        (("a", "1", "1", str(NOON // 1000)), f"{outside}: seconds? times are milliseconds"),
        (("a", "1", "1", str(NOON * 1000)), f"{outside}: microseconds? times are milliseconds"),
        (("a", "1", "1", str(NOON * 1000_000)), f"{outside}: nanoseconds? times are milliseconds"),
        (("a", "1", "1", "31535999999"), outside),
        (("a", "1", "1", "31536000000"), None),
        (("a", "1", "1", "4102444799999"), None),
        (("a", "1", "1", "4102444800000"), outside),
        (("a", "1", "1", "-1"), outside),
        (("a", "1", "1", "0"), outside),
    ]
    tiles = run_plan(plan, [row for row, _ in rows])
    assert _reasons(database) == [reason for _, reason in rows]
    assert sum(tile["__events"] for tile in tiles) == sum(reason is None for _, reason in rows)


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamp_ntz"])
@pytest.mark.parametrize(
    "text", ["infinity", "-infinity", "12000-01-01", "0044-01-01 (BC)", "2024-02-30", "soon"]
)
def test_times_outside_the_calendar(
    kind: str, text: str, run_plan: RunPlan, database: duckdb.DuckDBPyConnection
) -> None:
    """A date that no answer could show is refused where it is read, and null where an expression
    makes it.
    """
    plan = _plan(
        {"user": "string", "d": kind},
        Aggregation(input_column="d", operation=Operation.MIN, windows=["1h"]),
    )
    hint = (
        ""
        if kind == "date"
        else " (a number? declare the column bigint, in milliseconds, not seconds)"
    )
    assert (run_plan(plan, [("a", text, NOON)]), _reasons(database)) == (
        [],
        [f"d is not a {kind}{hint}"],
    )
    source = EventSource(
        schema={"user": "string", "d": "string", "ms": "bigint"},
        query=Query(selects={"user": "user", "d": f"cast(d as {kind})"}, time_column="ms"),
    )
    count = Aggregation(input_column="d", operation=Operation.COUNT, windows=["1h"])
    plan = compile_group_by(
        GroupBy(sources=[source], keys=["user"], tiling_enabled=True, aggregations=[count])
    )
    tiles = run_plan(plan, [("a", text, NOON), ("a", "2024-01-31", NOON)])
    # Spark reads a date up to the space.
    is_date = kind == "date" and text.startswith("0044-01-01 ")
    assert [tile["count_d.n"] for tile in tiles] == [2 if is_date else 1]


def test_an_overflow_is_no_missing_time(
    run_plan: RunPlan, database: duckdb.DuckDBPyConnection
) -> None:
    """A time or key that goes beyond its type is refused as such, and not as null."""
    source = EventSource(
        schema={"user": "int", "seconds": "int"},
        query=Query(selects={"user": "user * 2"}, time_column="seconds * 1000"),
    )
    count = Aggregation(input_column="user", operation=Operation.COUNT, windows=["1h"])
    plan = compile_group_by(
        GroupBy(sources=[source], keys=["user"], tiling_enabled=True, aggregations=[count])
    )
    run_plan(plan, [("1", "1704369600"), ("1", None), ("2000000000", "31536")])
    cast = "overflows in its expression: cast a part, as in cast(x as bigint) * 1000"
    assert _reasons(database) == [f"time {cast}", "time is null", f"key user {cast}"]


def test_wheres_leave_rows_out_in_silence(
    run_plan: RunPlan, database: duckdb.DuckDBPyConnection
) -> None:
    """A row for which a condition is false, null or not computable is no mistake, but one with a
    broken value is.
    """
    wheres = ("x > 0", "1 / x < 10", "user <> 'robot'")
    plan = _plan(
        {"user": "string", "x": "double"},
        Aggregation(input_column="x", operation=Operation.COUNT, windows=["1h"]),
        wheres=wheres,
    )
    rows = [
        ("a", "1", NOON),
        ("a", "-1", NOON),
        ("a", None, NOON),
        ("robot", "1", NOON),
        (None, "1", NOON),
        ("a", "0", NOON),
        ("a", "?", NOON),
    ]
    assert [tile["__events"] for tile in run_plan(plan, rows)] == [1]
    assert _reasons(database) == [None, "x is not a double"]


def test_an_expression_that_fails_gives_null(run_plan: RunPlan) -> None:
    """An overflow is a null input, as it is for Spark's division by zero, and does not stop the
    batch.
    """
    source = EventSource(
        schema={"user": "string", "n": "bigint", "ms": "bigint"},
        query=Query(selects={"user": "user", "big": "n * n", "inverse": "1 / n"}, time_column="ms"),
    )
    counts = [
        Aggregation(input_column=column, operation=Operation.COUNT, windows=["1h"])
        for column in ("big", "inverse")
    ]
    plan = compile_group_by(
        GroupBy(sources=[source], keys=["user"], tiling_enabled=True, aggregations=counts)
    )
    (tile,) = run_plan(plan, [("a", str(2**62), NOON), ("a", "0", NOON), ("a", "3", NOON)])
    assert (tile["count_big.n"], tile["count_inverse.n"]) == (2, 2)


def test_keys_of_floats_have_one_zero_and_no_nan(
    run_plan: RunPlan, database: duckdb.DuckDBPyConnection
) -> None:
    """Keys that are equal are one key, and what equals nothing is no key."""
    plan = _plan(
        {"ratio": "double"},
        Aggregation(input_column="ratio", operation=Operation.COUNT, windows=["1h"]),
        keys=("ratio",),
    )
    tiles = run_plan(plan, [(0.0, NOON), (-0.0, NOON), (nan, NOON)], text=False)
    assert [(str(tile["key:ratio"]), tile["__events"]) for tile in tiles] == [("0.0", 2)]
    assert _reasons(database) == [None, None, "key ratio is not a number"]


@pytest.mark.parametrize(
    ("kind", "expression", "value"),
    [
        ("bigint", "at", str(NOON)),
        ("int", "cast(at as bigint) * 1000", str(NOON // 1000)),
        ("timestamp", "at", "2024-01-04 12:00:00.0009"),
        ("timestamp", "at", "2024-01-04T14:00:00+02:00"),
        ("timestamp_ntz", "at", "2024-01-04 12:00:00"),
        ("string", "to_timestamp(at)", "2024-01-04 12:00:00"),
        ("string", "to_timestamp(at, 'dd.MM.yyyy HH')", "04.01.2024 12"),
    ],
)
def test_forms_of_time(kind: str, expression: str, value: str, run_plan: RunPlan) -> None:
    """Times of every accepted form become epoch milliseconds of UTC, floored."""
    source = EventSource(schema={"user": "string", "at": kind}, query=Query(time_column=expression))
    count = Aggregation(input_column="user", operation=Operation.COUNT, windows=["1h"])
    plan = compile_group_by(
        GroupBy(sources=[source], keys=["user"], tiling_enabled=True, aggregations=[count])
    )
    assert [tile["__newest"] for tile in run_plan(plan, [("a", value)])] == [NOON]


def test_a_date_is_its_midnight(run_plan: RunPlan) -> None:
    """The time of a date is midnight of UTC."""
    source = EventSource(schema={"user": "string", "day": "date"}, query=Query(time_column="day"))
    count = Aggregation(input_column="user", operation=Operation.COUNT, windows=["7d"])
    plan = compile_group_by(
        GroupBy(sources=[source], keys=["user"], tiling_enabled=True, aggregations=[count])
    )
    assert [tile["__newest"] for tile in run_plan(plan, [("a", "2024-01-04")])] == [NOON - DAY // 2]


@pytest.mark.parametrize(
    "name",
    [
        'a"b',
        "it's",
        "x; DROP TABLE batch --",
        "{{ 7 * 7 }}",
        "batch",
        "typed",
        "events",
        "select",
        "a.b",
        "ä ö",
        "%s",
        "$1",
    ],
)
def test_hostile_column_names(name: str, run_plan: RunPlan) -> None:
    """A column may have any printable name, and the SQL still does what it says."""
    operations = (Operation.SUM, Operation.TOP_K(1), Operation.LAST, Operation.MIN)
    plan = _plan(
        {name: "bigint"},
        *(Aggregation(input_column=name, operation=o, windows=["1h"]) for o in operations),
        keys=(name,),
    )
    (tile,) = run_plan(plan, [("7", NOON), ("7", NOON)])
    assert (tile[f"key:{name}"], tile[f"sum_{name}.lo"], tile[f"last_{name}.value"]) == (7, 14, 7)


def test_each_source_has_its_script(run_plan: RunPlan) -> None:
    """Two sources with numbers of different widths give rows of the same columns and types."""
    narrow = EventSource(
        name="narrow",
        schema={"id": "int", "n": "smallint", "ms": "bigint"},
        query=Query(time_column="ms"),
    )
    wide = EventSource(
        name="wide",
        schema={"who": "bigint", "n": "bigint", "ts": "timestamp"},
        query=Query(selects={"id": "who", "n": "n + 1"}, time_column="ts"),
    )
    total = Aggregation(input_column="n", operation=Operation.SUM, windows=["1h"])
    plan = compile_group_by(
        GroupBy(sources=[narrow, wide], keys=["id"], tiling_enabled=True, aggregations=[total])
    )
    assert (plan.keys[0].type, plan.states[0].type) == ("BIGINT", "BIGINT")
    (first,) = run_plan(plan, [("1", "2", str(NOON))], source=0)
    (second,) = run_plan(plan, [("1", "2", "2024-01-04 12:00:00")], source=1)
    assert second == {**first, "sum_n.lo": 3}
