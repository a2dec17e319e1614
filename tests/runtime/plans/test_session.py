"""A plan's SQL is data: single SELECTs of its relations, in a session that reaches nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from support.plans import AT, plan_of
from tilewright import Aggregation, Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.errors import PlanError
from tilewright_runtime.plans import plan_of_document
from tilewright_runtime.plans.session import CALLED_BY_NAME, open_session, require_select

ATTACKS = [
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM '/etc/hostname'",
    'SELECT * FROM "/etc/hostname"',
    "SELECT * FROM main.batch",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM range(10)",
    "SELECT (SELECT content FROM read_text('/etc/hostname'))",
    "SELECT count(*) FROM batch WHERE EXISTS (FROM read_csv('x'))",
    "SELECT * FROM batch, LATERAL (SELECT * FROM glob('*'))",
    "SELECT 1 UNION ALL SELECT content FROM read_text('x')",
    "SELECT * FROM batch ORDER BY (SELECT content FROM read_text('x'))",
    "SELECT * FROM batch LIMIT (SELECT count(*) FROM read_text('x'))",
    "WITH batch AS (FROM read_text('/etc/hostname')) SELECT * FROM batch",
    "WITH a AS (COPY (SELECT 1) TO 'x') SELECT 1",
    "WITH a AS (INSERT INTO batch VALUES (1) RETURNING *) SELECT * FROM a",
    "WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT * FROM r) SELECT * FROM r",
    "COPY (SELECT 1) TO 'x'",
    "SELECT 1; COPY (SELECT 1) TO 'x'",
    "SELECT 1; SELECT 2",
    "ATTACH 'x'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "CREATE TABLE x AS SELECT 1",
    "EXPORT DATABASE 'x'",
    "EXPLAIN SELECT 1",
    "SHOW TABLES",
    "SELECT * FROM (DESCRIBE batch)",
    "PIVOT batch ON a USING sum(a)",
    "SELECT getenv('HOME')",
    "SELECT current_setting('home_directory')",
    "SELECT getvariable('a')",
    "SELECT nextval('a')",
    "SELECT random()",
    "SELECT now()",
    "SELECT version()",
    "SELECT a FROM batch WHERE CURRENT_TIMESTAMP > a",
    "SELECT a.b, (SELECT localtime) FROM batch",
    "SELECT list_transform([a], lambda x: x || session_user) FROM batch",
    "SELECT a FROM batch ORDER BY current_date",
    "SELECT other.f(1)",
    "SELECT",
    "SELECT '\ud800'",
    "",
]


@pytest.mark.parametrize("sql", ATTACKS)
def test_what_is_no_select_of_the_events_is_refused(sql: str) -> None:
    """Statements, files, functions of tables, the catalog, the clock and chance are refused."""
    with pytest.raises(PlanError, match=r"^it: its SQL .* compile it again"):
        require_select(open_session(), sql, {"batch"}, "it")


def _of_duckdb(query: str) -> list[str]:
    return sorted({str(name) for (name,) in duckdb.execute(query).fetchall()})


def test_all_that_duckdb_calls_by_a_bare_name_is_refused() -> None:
    """Of its functions and words only these have a value without brackets where no column has the
    name; written in any case and in quotes.
    """
    words = _of_duckdb("SELECT keyword_name FROM duckdb_keywords()")
    words += _of_duckdb(
        "SELECT function_name FROM duckdb_functions() WHERE function_name ~ '^\\w+$'"
    )
    session = open_session()
    called = set()
    for word in [*words, *CALLED_BY_NAME]:
        try:
            session.execute(f'SELECT "{word}"')
        except duckdb.Error:
            continue
        called.add(word)
    assert called == CALLED_BY_NAME
    for name in called:
        for spelling in (name, name.upper(), f'"{name}"'):
            with pytest.raises(PlanError, match=f"its SQL calls '{name}'"):
                require_select(session, f"SELECT {spelling} FROM batch", {"batch"}, "it", ["a"])


def test_a_column_may_have_the_name_of_such_a_function() -> None:
    """`user` is a column where the events have one, and one of a relation in any case."""
    session = open_session()
    require_select(session, 'SELECT "user", USER FROM batch', {"batch"}, "it", ["User"])
    require_select(session, "SELECT batch.user FROM batch", {"batch"}, "it")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sum(a) FROM batch GROUP BY ALL",
        "WITH x AS (SELECT * FROM batch) SELECT * FROM x UNION ALL SELECT * FROM x -- ; COPY",
        "SELECT list_transform([a], lambda x: x + 1), 'read_text(1)' FROM batch",
        f"SELECT {' + '.join(['a'] * 900)} FROM batch",
    ],
)
def test_selects_of_the_relations_are_taken(sql: str) -> None:
    """Queries of what the runtime registers pass, however deep their expressions are."""
    require_select(open_session(), sql, {"batch"}, "it")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO '/tmp/x'",
        "ATTACH '/tmp/x.db'",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET threads = 2",
        "RESET lock_configuration",
    ],
)
def test_a_session_reaches_nothing(sql: str) -> None:
    """What would pass the look through the statement is stopped by the session itself."""
    with pytest.raises(duckdb.Error):
        open_session().execute(sql).fetchall()


@pytest.mark.parametrize(
    ("expression", "n", "value"),
    [
        ("9223372036854775807 + (n + 2147483648)", -(2**31) - 1, 2**63 - 2),
        ("(3 * n) * 0", 2**62, None),
        ("n + 1 > 5", 2**63 - 1, None),
        ("-n = 5", -(2**63), None),
    ],
)
def test_a_session_computes_expressions_as_they_stand(
    expression: str, n: int, value: int | None
) -> None:
    """No part of an expression is moved, or it would overflow elsewhere."""
    query = f"SELECT TRY({expression}) FROM (SELECT unnest([?::BIGINT]) AS n)"
    assert open_session().execute(query, [n]).fetchall() == [(value,)]


def test_a_session_sees_no_variables_of_python() -> None:
    """A name that is a variable of the caller's is no relation."""
    batch = open_session().sql("SELECT 1 AS a").to_arrow_table()
    with pytest.raises(duckdb.CatalogException):
        open_session().execute("SELECT * FROM batch")
    assert len(batch) == 1


def _edited(change: Any) -> Plan:
    """A plan from elsewhere, with the fingerprint of its content."""
    plan = plan_of(
        {"k": "string", "n": "bigint"},
        ["k"],
        [Aggregation(input_column="n", operation=Operation.SUM, windows=["1h"])],
        derivations={"twice": "n_sum_1h * 2"},
    )
    document = json.loads(plan.model_dump_json())
    change(document)
    document["fingerprint"] = Plan.model_validate(document).content_fingerprint()
    return plan_of_document(document, "plan.json")


def test_a_plan_that_writes_files_is_refused_by_the_writer(tmp_path: Path) -> None:
    """A COPY in a plan's script does not run."""
    out = tmp_path / "out.csv"
    plan = _edited(
        lambda plan: plan["sql"]["events"]["duckdb"].update(read=f"COPY (SELECT 1) TO '{out}'")
    )
    with pytest.raises(PlanError, match="sql of events, read: its SQL is no query"):
        Writer(plan, open_store("memory:"))
    assert not out.exists()


def test_a_plan_whose_derivation_reads_files_is_refused_by_the_fetcher() -> None:
    """A derivation is an expression of features alone."""
    read = "(SELECT size FROM read_text('/etc/hostname'))"
    plan = _edited(lambda plan: plan["derivations"][0].update(sql=read))
    store = open_store("memory:")
    with Writer(plan, store) as writer:
        writer.write([{"k": "a", "n": 1, "ts": AT}])
    with pytest.raises(PlanError, match="derivations: its SQL calls 'read_text'"):
        Fetcher(plan, store).fetch({"k": "a"}, AT + 1)


@pytest.mark.parametrize(
    "events",
    [
        'SELECT *, "nothing" FROM events',
        "SELECT * FROM events WHERE repeat(\"k\", 10000000000) <> ''",
        'SELECT * FROM events WHERE CAST("k" AS INTEGER) = 1',
    ],
)
def test_a_plan_whose_sql_does_not_fit_its_events_says_so(events: str) -> None:
    """A column that is not there, or a value that does not fit, is a fault of the plan and not a
    traceback of the database.
    """
    part = f"FROM ({events}) AS events"

    def edit(plan: dict[str, Any]) -> None:
        sql = plan["sql"]["events"]["duckdb"]
        assert sql["tiles"].count("FROM events") == 1
        sql["tiles"] = sql["tiles"].replace("FROM events", part)

    with (
        Writer(_edited(edit), open_store("memory:")) as writer,
        pytest.raises(PlanError, match="the SQL of its tiles cannot be run"),
    ):
        writer.write([{"k": "a", "n": 1, "ts": AT}])
