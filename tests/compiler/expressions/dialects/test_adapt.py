"""Expressions in other dialects: translated by their documentation, or refused."""

from __future__ import annotations

from contextlib import suppress
from functools import cache

import pytest

from tilewright_compiler.expressions.binder import Binder
from tilewright_compiler.expressions.parsing import ExpressionError

COLUMNS = {
    **{"i": "INTEGER", "n": "BIGINT", "d": "DOUBLE", "m": "DECIMAL(10,2)", "s": "VARCHAR"},
    **{"r": "VARCHAR", "t": "TIMESTAMP WITH TIME ZONE", "yes": "BOOLEAN"},
    **{"h": "SMALLINT", "f": "FLOAT", "u": "TIMESTAMP"},
}


_SUM = 'CASE WHEN ISINF("d" + 1e3) AND NOT (ISINF("d")) THEN NULL ELSE "d" + 1e3 END > 0'
_HALF = 'CAST(EXTRACT(YEAR FROM "t") AS INT) // NULLIF(2, 0)'
_MOD = 'CASE WHEN ("n") = 0 THEN "i" ELSE "i" % NULLIF("n", 0) END'


@cache
def binder() -> Binder:
    return Binder()


@pytest.mark.parametrize(
    ("dialect", "expression", "sql"),
    [
        ("postgres", "i / n", '"i" // NULLIF("n", 0)'),
        (
            "bigquery",
            "d / i",
            'CASE WHEN ISINF("d" / NULLIF("i", 0)) AND NOT (ISINF("d")) THEN NULL '
            'ELSE "d" / NULLIF("i", 0) END',
        ),
        ("trino", "d * d", '"d" * "d"'),
        ("postgres", "d + 1e3 > 0", _SUM),
        ("bigquery", "i + 1e3", '"i" + 1e3'),
        ("postgres", "cast(extract(year from t) as int) / 2", _HALF),
        ("oracle", "mod(i, n)", _MOD),
        ("oracle", "cast(n as int)", 'CAST("n" AS BIGINT)'),
        ("exasol", "i * i", 'CAST("i" AS BIGINT) * "i"'),
        ("druid", "i + 1", 'CAST("i" AS BIGINT) + 1'),
        ("starrocks", "i + 1", 'CAST("i" AS BIGINT) + 1'),
        ("sqlite", "n % 10", '"n" % NULLIF(10, 0)'),
        ("clickhouse", "i in (1, 2)", '"i" IN (1, 2)'),
        ("postgres", "i::text || s", 'CAST("i" AS TEXT) || "s"'),
        ("bigquery", "i / n", '"i" / NULLIF("n", 0)'),
        ("trino", "s = r and i % 2 = 1", '"s" = "r" AND "i" % NULLIF(2, 0) = 1'),
        ("snowflake", "case when i > 1 then 'a' end", "CASE WHEN \"i\" > 1 THEN 'a' END"),
        ("mysql", "coalesce(i, 0) + 1", 'CAST(COALESCE("i", 0) AS BIGINT) + 1'),
        ("trino", "d > 1", 'CASE WHEN ISNAN("d") THEN FALSE ELSE "d" > 1 END'),
        ("bigquery", "d <> 1", 'CASE WHEN ISNAN("d") THEN TRUE ELSE "d" <> 1 END'),
        (
            "bigquery",
            "d < i",
            'CASE WHEN (ISNAN("d")) AND NOT ("d") IS NULL AND NOT ("i") IS NULL THEN FALSE '
            'ELSE "d" < "i" END',
        ),
        ("postgres", "d > 1", '"d" > 1'),
        ("clickhouse", "d between 1 and 2", '"d" BETWEEN 1 AND 2'),
        ("bigquery", "d between -1.5 and 2", '"d" BETWEEN -1.5 AND 2'),
        ("trino", "d in (-1, 1)", '"d" IN (-1, 1)'),
        ("athena", "d > -1", 'CASE WHEN ISNAN("d") THEN FALSE ELSE "d" > -1 END'),
        ("trino", "i > 1e3", '"i" > 1e3'),
        ("bigquery", "case i when 1e3 then 1 end", 'CASE "i" WHEN 1e3 THEN 1 END'),
        ("bigquery", "i * 1000", 'CAST("i" AS BIGINT) * 1000'),
        ("sqlite", "86400000 * 1000", "CAST(86400000 AS BIGINT) * 1000"),
        ("clickhouse", "1000 * i", 'CAST(1000 AS BIGINT) * "i"'),
        ("snowflake", "cast(n as int)", 'CAST("n" AS BIGINT)'),
        ("databricks", "cast(d as int)", 'TRY_CAST(TRUNC("d") AS INT)'),
        ("postgres", "h + 10", 'CAST("h" AS INT) + 10'),
        ("trino", "h * i", '"h" * "i"'),
        ("redshift", "s = 'a '", "RTRIM(\"s\", ' ') = RTRIM('a ', ' ')"),
        ("redshift", "s in (r)", "RTRIM(\"s\", ' ') IN (RTRIM(\"r\", ' '))"),
        ("mysql", "cast(i as char)", 'CAST("i" AS TEXT)'),
        ("clickhouse", "n > 1.5", '"n" > 1.5'),
        ("clickhouse", "-i", '-"i"'),
        ("clickhouse", "abs(i)", 'ABS(CAST("i" AS BIGINT))'),
        ("postgres", "nullif(d, 0)", 'NULLIF("d", 0)'),
        ("sqlite", "d * 2", "NULLIF(\"d\" * 2, CAST('NaN' AS DOUBLE))"),
        ("mysql", "(yes || r is null) and yes", '("yes" OR "r" IS NULL) AND "yes"'),
    ],
)
def test_what_means_the_same(dialect: str, expression: str, sql: str) -> None:
    """Division is what the dialect makes of it; the rest is written as it stands."""
    assert binder().bind(expression, dialect, COLUMNS).sql == sql


@pytest.mark.parametrize(
    ("dialect", "expression"),
    [
        ("postgres", "d::int"),
        ("postgres", "extract(dow from t)"),
        ("postgres", "s < r"),
        ("postgres", "m * m"),
        ("snowflake", "i / n"),
        ("snowflake", "dayofweek(t)"),
        ("mysql", "i / n"),
        ("mysql", "s = 'a'"),
        ("mysql", "s || r"),
        ("trino", "d / i"),
        ("hive", "cast(d as int)"),
        ("bigquery", "concat(s, r)"),
        ("clickhouse", "length(s)"),
        ("tsql", "coalesce(i, 'x')"),
        ("trino", "nullif(d, d)"),
        ("athena", "case d when d then 1 end"),
        ("bigquery", "d in (1, d)"),
        ("postgres", "cast(i as char)"),
        ("redshift", "cast(s as varchar)"),
        ("redshift", "nullif(s, 'a')"),
        ("redshift", "case s when 'a' then 1 end"),
        ("postgres", "h + h"),
        ("postgres", "f > 0.1"),
        ("mysql", "f + f"),
        ("postgres", "t = u"),
        ("postgres", "coalesce(t, u)"),
        ("mysql", "if(s, 1, 2)"),
        ("mysql", "i is true"),
        ("clickhouse", "n > d"),
        ("sqlite", "coalesce(n, d)"),
        ("clickhouse", "i in (1, null)"),
        ("tsql", "isnull(i, d)"),
        ("oracle", "s is null"),
        ("oracle", "coalesce(s, 'x')"),
        ("exasol", "case when yes then '' end"),
        ("postgres", "yes = i in (1, 2)"),
        ("mysql", "yes = i is null"),
        ("postgres", "extract(year from t) / 2"),
        ("postgres", "(date_part('year', t) + 1) / 2"),
        ("postgres", "n + 1e3"),
        ("snowflake", "case when yes then 1e3 else 0 end"),
        ("oracle", "cast(n as double precision)"),
        ("sqlite", "mod(n, 10)"),
        ("bigquery", "case when yes then 0.1 else 0.2 end"),
        ("sqlite", "n = 9007199254740993.0"),
        ("clickhouse", "i in (1, n)"),
        ("clickhouse", "case i when null then 1 else 2 end"),
        ("clickhouse", "case i when n then 1 else 2 end"),
        ("mysql", "i /*! + 1 */"),
        ("mysql", "cast(s as nchar)"),
        ("postgres", "nullif(i, 1.5)"),
        ("postgres", "nullif(n, d) / 2"),
        ("clickhouse", "d in (0, 1)"),
        ("sqlite", "123456789012345678.5"),
    ],
)
def test_what_is_not_shown_to_mean_the_same(dialect: str, expression: str) -> None:
    """Rounding casts, days of the week, collations and the like are refused."""
    with pytest.raises(ExpressionError) as refused:
        binder().bind(expression, dialect, COLUMNS)
    assert refused.value.code == "TW024"


@pytest.mark.parametrize(
    ("dialect", "expression"),
    [
        ("mysql", "utc_timestamp()"),
        ("mysql", "load_file('/etc/passwd')"),
        ("snowflake", "seq4()"),
        ("snowflake", "current_user"),
        ("postgres", "clock_timestamp()"),
        ("postgres", "pg_read_file('/etc/passwd')"),
        ("bigquery", "generate_uuid()"),
        ("oracle", "sysdate"),
        ("tsql", "newid()"),
        ("trino", "random()"),
        ("duckdb", "current_date"),
        ("duckdb", "getenv('HOME')"),
        ("duckdb", "current_setting('threads')"),
        ("duckdb", "read_text('/etc/passwd')"),
        ("duckdb", "age(t)"),
        ("duckdb", "sleep_ms(1)"),
        ("duckdb", "getvariable('x')"),
    ],
)
def test_what_depends_on_more_than_the_event(dialect: str, expression: str) -> None:
    """Files, the environment, the clock and chance are refused in every dialect."""
    with pytest.raises(ExpressionError) as refused:
        binder().bind(expression, dialect, COLUMNS)
    assert refused.value.code == "TW024"


@pytest.mark.parametrize("dialect", ["spark", "postgres", "bigquery", "mysql"])
def test_names_of_the_clock_chance_the_session_and_files(dialect: str) -> None:
    """None of them passes, with arguments or without."""
    names = """
        current_user session_user system_user current_role current_schema current_catalog database
        current_date current_time current_timestamp current_timezone localtime localtimestamp now
        today getdate getutcdate sysdate sysdatetime systimestamp curdate curtime utc_date utc_time
        clock_timestamp statement_timestamp timeofday rand random randn rand64 uuid uuid_string
        gen_random_uuid generate_uuid uuidv7 newid sys_guid randstr uniform zipf generate_series
        pg_read_file pg_ls_dir pg_sleep load_file sleep benchmark seq1 seq2 seq4 seq8 nextval
        currval last_insert_id version getenv current_setting input_file_name shuffle rownum
        monotonically_increasing_id spark_partition_id last_query_id current_warehouse assert_true
        connection_id txid_current inet_client_addr hostname java_method reflect read_text glob
        getvariable found_rows row_count session_context random_bytes
    """
    taken = []
    for name in names.split():
        for call in (f"{name}()", f"coalesce(s, {name}('a'))"):
            with suppress(ExpressionError):
                binder().bind(call, dialect, COLUMNS)
                taken.append(call)
    assert taken == []


def test_a_pattern_that_duckdb_cannot_run() -> None:
    """It would be null for every row, so it is an error where it is written."""
    with pytest.raises(ExpressionError, match="which DuckDB cannot run"):
        binder().bind("regexp_matches(s, '(?=a)')", "duckdb", COLUMNS)
