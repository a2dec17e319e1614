"""Expressions: what Spark's mean in DuckDB, and what is refused."""

from __future__ import annotations

from functools import cache

import duckdb
import pytest

from support.expressions import COLUMNS, LINES, ROW
from tilewright_compiler.expressions.binder import Binder
from tilewright_compiler.expressions.parsing import ExpressionError, as_column


@cache
def _binder() -> Binder:
    return Binder()


def _value(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    row = ", ".join(f'CAST({value} AS {kind}) AS "{name}"' for name, (kind, value) in ROW.items())
    found = connection.execute(f"SELECT CAST(TRY({sql}) AS VARCHAR) FROM (SELECT {row})").fetchone()
    return "NULL" if found is None or found[0] is None else str(found[0])


@pytest.mark.parametrize("line", LINES)
def test_values_of_spark_expressions(line: str, database: duckdb.DuckDBPyConnection) -> None:
    """An expression has the value in DuckDB that it has in Spark."""
    expression, _, value = line.partition(" => ")
    assert _value(database, _binder().bind(expression, "spark", COLUMNS).sql) == value


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("", "TW023"),
        ("-- nothing", "TW023"),
        ("i;", None),
        ("i; n", "TW023"),
        ("i +", "TW023"),
        ("i, n", "TW023"),
        ("(" * 5000 + "i" + ")" * 5000, "TW023"),
        ("drop table events", "TW024"),
        ("insert into a values (1)", "TW024"),
        ("select 1", "TW024"),
        ("i in (select 1)", "TW024"),
        ("exists (select 1)", "TW024"),
        ("*", "TW024"),
        ("count(*)", "TW024"),
        ("sum(i) + 1", "TW024"),
        ("max_by(i, n)", "TW024"),
        ("lag(i) over (order by n)", "TW024"),
        ("explode(split(c, ','))", "TW024"),
        ("rand()", "TW024"),
        ("uuid()", "TW024"),
        ("now()", "TW024"),
        ("current_timestamp", "TW024"),
        ("unix_timestamp()", "TW024"),
        ("current_database()", "TW024"),
        ("input_file_name()", "TW024"),
        (":x", "TW024"),
        ("?", "TW024"),
        ("$1", "TW024"),
        ("{{ i }}", "TW024"),
        ("i as x", "TW024"),
        ("frobnicate(i)", "TW024"),
        ("hash(s)", "TW024"),
        ("initcap(s)", "TW024"),
        ("read_text('/etc/passwd')", "TW024"),
        ("s = 1", "TW024"),
        ("cast(d as string)", "TW024"),
        ("concat(s, d)", "TW024"),
        ("X'1F'", "TW024"),
        ("from_utc_timestamp(t, 'Mars/Base')", "TW024"),
        ("from_utc_timestamp(t, s)", "TW024"),
        ("date_format(t, 'QQQ')", "TW024"),
        ("date_format(t, s)", "TW024"),
        ("sha2(s, 512)", "TW024"),
        ("pmod(i)", "TW024"),
        ("x", "TW020"),
        ("events.i", "TW020"),
        ("xs[0:2]", "TW024"),
        ("i[0]", "TW024"),
        ("i.x", "TW020"),
        ("top.item", "TW020"),
        ("mp.item", "TW020"),
        ("concat(xs, xs)", "TW024"),
        ("cast(xs as string)", "TW024"),
        ("array_join(xs, ',')", "TW024"),
        ("slice(xs, -1, 1)", "TW024"),
        ("array_sort(xs, (a, b) -> a - b)", "TW024"),
        ("transform(xs, x -> x + 1)", "TW024"),
        ("null", "TW025"),
        ("s + 1", "TW024"),
        ("i and", "TW023"),
    ],
)
def test_what_is_no_expression(expression: str, code: str | None) -> None:
    """What is not one value a row, the same at each run and known to be equal in Spark, is
    refused.
    """
    if code is None:
        assert _binder().bind(expression, "spark", COLUMNS).sql == '"i"'
        return
    with pytest.raises(ExpressionError) as refused:
        _binder().bind(expression, "spark", COLUMNS)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("expression", "advice"),
    [
        ("s.x", r"of JSON, write get_json_object\(s, '\$\.x'\)"),
        ("xs.x", r"Write xs\[0\]\.x"),
        ("mp.item", r"Write mp\['item'\]"),
        ("i.x", "'i' has no fields"),
        ("events.i", "Write 'i'"),
    ],
)
def test_a_field_of_a_column_is_advised_on_by_its_type(expression: str, advice: str) -> None:
    """Members of JSON, values of maps and fields of an element are each taken in another way."""
    with pytest.raises(ExpressionError, match=advice):
        _binder().bind(expression, "spark", COLUMNS)


def test_columns_are_found_whatever_their_case() -> None:
    """SQL does not tell upper from lower case in names, and the plan keeps the schema's
    spelling.
    """
    typed = _binder().bind("`Price` + PRICE", "spark", {"price": "DOUBLE"})
    assert (typed.sql, typed.columns) == ('"price" + "price"', ("price",))


def test_comments_do_not_reach_the_sql() -> None:
    """A comment in an expression stays with the author."""
    assert _binder().bind("i /* a */ + -- b\n 1", "spark", COLUMNS).sql == '"i" + 1'


def test_another_dialect() -> None:
    """With another dialect an expression keeps that dialect's meaning and functions."""
    binder = _binder()
    assert binder.bind("strftime(t, '%Y')", "duckdb", COLUMNS).type == "VARCHAR"
    assert binder.bind("i::text || 'x'", "postgres", COLUMNS).type == "VARCHAR"
    with pytest.raises(ExpressionError, match="another value each time"):
        binder.bind("nextval('s')", "duckdb", COLUMNS)
    with pytest.raises(ExpressionError, match="Did you mean 'postgres'"):
        binder.bind("i", "postgress", COLUMNS)


@pytest.mark.parametrize(
    "text",
    [
        "'",
        '"',
        "''",
        "\\",
        "--",
        ";",
        "\n",
        "{{ x }}",
        "{% raw %}",
        "$tile_ms",
        "*/",
        "\u2028",
        "ä",
        "%s",
        "{}",
    ],
)
def test_hostile_texts_stay_texts(text: str, database: duckdb.DuckDBPyConnection) -> None:
    """Whatever a text or a column's name holds, it reaches DuckDB as that text or name."""
    binder, quoted = _binder(), text.replace("\\", "\\\\").replace("'", "\\'")
    assert _value(database, binder.bind(f"'{quoted}'", "spark", COLUMNS).sql) == text
    name = f"n{text}"
    columns = {name: "VARCHAR"}
    for typed in (binder.bind(f"`{name}`", "spark", columns), binder.column(name, columns)):
        quoted_name = name.replace('"', '""')
        found = database.execute(
            f"SELECT {typed.sql} FROM (SELECT 'here' AS \"{quoted_name}\")"
        ).fetchone()
        assert found == ("here",)


def test_columns_may_have_the_names_of_sql() -> None:
    """A text that is a column's name is that column, whatever SQL means by it; elsewhere the
    message says how to write it.
    """
    words = ["select", "order", "case", "from", "null", "end", "group", "current_date", "a b"]
    columns = dict.fromkeys(words, "BIGINT")
    for word in words:
        assert _binder().bind(as_column(word, "spark"), "spark", columns).columns == (word,)
    assert [as_column(word, "spark") for word in ("price", "order", "select")] == [
        "price",
        "order",
        "`select`",
    ]
    assert as_column("a b", "duckdb") == '"a b"'
    with pytest.raises(ExpressionError, match=r"If 'case' is the column, write `case`"):
        _binder().bind("case + 1", "spark", columns)
