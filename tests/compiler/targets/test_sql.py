"""`--target sql`: tiles in the dialects of warehouses, and what is refused because it would not
mean the same there.
"""

from __future__ import annotations

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from syrupy.assertion import SnapshotAssertion

from support.cases import CASES
from support.plans import AT, event_source, plan_of
from tilewright import Aggregation, Operation
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.sql.dialects import DIALECTS
from tilewright_compiler.targets.sql import in_dialect
from tilewright_compiler.tile_sql.queries import column_names
from tilewright_runtime.testing.snapshots import file_snapshot

COUNT = [Aggregation(input_column="n", operation=Operation.COUNT, windows=["1h"])]


def case(name: str) -> Plan:
    (plan,) = compile_paths([CASES / f"{name}.py"]).plans
    return plan


def counting(*wheres: str, **selects: str) -> Plan:
    """A plan that counts `n` of `k`, with these expressions."""
    schema = {"k": "string", "n": "bigint", "x": "double", "s": "string"}
    return plan_of(schema, ["k"], COUNT, wheres=wheres, selects={"k": "k", "n": "n"} | selects)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", ["quick_start", "hostile_names"])
def test_every_file_is_one_statement_of_its_dialect(name: str, dialect: str) -> None:
    """What is written is parsed back to the same statement, whose columns are those that a row of a
    tile has.
    """
    plan = case(name)
    files = in_dialect(dialect).files(plan)
    assert list(files) == [
        *(
            f"sql/tiles_{level}.sql"
            for level in ("6h", "1h", "5m")
            if f"sql/tiles_{level}.sql" in files
        ),
        "sql/refused.sql",
    ]
    for path, text in files.items():
        (tree,) = sqlglot.parse(text, read=dialect, error_level=sqlglot.ErrorLevel.RAISE)
        assert isinstance(tree, exp.Query)
        assert text.endswith(f"{tree.sql(dialect, pretty=True, comments=False)};\n")
        if path != "sql/refused.sql":
            assert tree.named_selects == column_names(plan)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_reviewer_has_read_it(dialect: str, snapshot: SnapshotAssertion) -> None:
    """The tiles of the quick start in each dialect."""
    assert in_dialect(dialect).files(case("quick_start"))["sql/tiles_5m.sql"] == snapshot(
        extension_class=file_snapshot("sql")
    )


def test_every_state_has_a_form_in_spark(snapshot: SnapshotAssertion) -> None:
    """All operations, of which Spark's own expressions are no hindrance."""
    target = in_dialect("spark")
    assert target.unsupported(case("every_operation")) == []
    assert target.files(case("every_operation"))["sql/tiles_5m.sql"] == snapshot(
        extension_class=file_snapshot("sql")
    )


def test_a_table_of_the_warehouse_is_read_by_its_name() -> None:
    """A source whose table is no file is that table; any other is a view of the source's name."""
    source = event_source({"k": "string", "n": "bigint"}).model_copy(
        update={"table": "shop.public.clicks"}
    )
    plan = plan_of({}, ["k"], COUNT, sources=[source])
    assert "FROM `shop`.`public`.`clicks`" in in_dialect("bigquery").files(plan)["sql/refused.sql"]
    assert "FROM `events`" in in_dialect("bigquery").files(counting())["sql/refused.sql"]


def test_expressions_say_in_full_what_spark_means() -> None:
    """A quotient is a double and null where the divisor is zero, and a cast towards zero is null
    where it is not possible.
    """
    plan = counting("x / n > 2", n="cast(x as bigint)")
    text = in_dialect("bigquery").files(plan)["sql/refused.sql"]
    assert "SAFE_CAST(TRUNC(`raw`.`x`) AS INT64)" in text
    assert "CAST(`raw`.`x` AS FLOAT64) / CAST(NULLIF(`raw`.`n`, 0) AS FLOAT64)" in text


@pytest.mark.parametrize(
    ("dialect", "expression", "what"),
    [
        ("bigquery", "date_format(timestamp_millis(ts), 'yyyy') = '2024'", "STRFTIME("),
        ("trino", "n div 3 > 1", " // "),
        ("snowflake", "cast(s as bigint) > 1", "TRY_CAST("),
        ("clickhouse", "upper(s) = 'A'", "UPPER("),
    ],
)
def test_what_may_have_another_value_is_refused(dialect: str, expression: str, what: str) -> None:
    """An expression without a certain translation is named with the part that has none, and what to
    do.
    """
    (reason,) = in_dialect(dialect).unsupported(counting(expression))
    assert what in reason.partition(" holds ")[2].partition(" (in DuckDB's words)")[0]
    assert f"Query(dialect='{dialect}')" in reason


def test_lists_and_buckets_are_refused() -> None:
    """What only the embedded writer makes is named, column by column."""
    assert (
        in_dialect("spark").unsupported(case("lists"))[-1].startswith("the input words holds lists")
    )
    assert any(
        reason.startswith("the bucket column country:")
        for reason in in_dialect("duckdb").unsupported(case("buckets"))
    )


@pytest.mark.parametrize(
    ("given", "advice"),
    [("snowflak", "Did you mean 'snowflake'?"), ("cobol", "Known: bigquery,"), (None, "bigquery")],
)
def test_an_unknown_dialect_names_the_nearest(given: str | None, advice: str) -> None:
    """A dialect that is not in the table, or none at all, is an error that says which there are."""
    with pytest.raises(ValueError, match="--dialect") as error:
        in_dialect(given)
    assert advice in str(error.value)


def test_refused_events_are_counted() -> None:
    """What cannot be used is counted by reason, with the words of the embedded writer."""
    database = duckdb.connect()
    rows = [
        ("a", 1, AT),
        (None, 1, AT),
        ("a", 1, None),
        ("a", 1, AT // 1000),
        ("a", 1, AT * 1000),
        ("a", 1, AT * 10**6),
        ("a", 1, 5),
    ]
    database.execute("CREATE TABLE events (k VARCHAR, n BIGINT, x DOUBLE, s VARCHAR, ts BIGINT)")
    database.executemany("INSERT INTO events VALUES (?, ?, NULL, NULL, ?)", rows)
    outside = "time is outside 1971-2099"
    units = {
        f"{outside}: {unit}? times are milliseconds": 1
        for unit in ("seconds", "microseconds", "nanoseconds")
    }
    found = dict(database.sql(in_dialect("duckdb").files(counting())["sql/refused.sql"]).fetchall())
    assert found == {"key k is null": 1, "time is null": 1, outside: 1} | units


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_a_text_of_several_lines_keeps_them(dialect: str) -> None:
    """The events are indented as a part of each query; a literal with a line break in them is
    not.
    """
    for text in in_dialect(dialect).files(counting("s = 'one\n two'")).values():
        tree = sqlglot.parse_one(text, read=dialect)
        assert "one\n two" in [literal.this for literal in tree.find_all(exp.Literal)]


def test_null_values_are_refused() -> None:
    """A warehouse takes the markers for values."""
    plan = counting()
    plan.sources[0].null_values.append("NA")
    (reason,) = in_dialect("duckdb").unsupported(plan)
    assert reason.endswith("its null_values, which only tilewright write reads as null.")
