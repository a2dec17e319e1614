"""DuckDB sessions that run nothing but a plan's queries.

A plan may come from elsewhere, and its fingerprint is no signature. So its SQL is data: it is
parsed and checked before it runs, and it runs where nothing outside can be reached.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import duckdb

from tilewright_compiler.plan.sessions import DUCKDB_REWRITER

from ..errors import PlanError

#: What a query, a relation or a modifier of it may be. Expressions are told by their `class`.
_NODES = {"SELECT_NODE", "SET_OPERATION_NODE"}
_RELATIONS = {"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY"}
_MODIFIERS = {"ORDER_MODIFIER"}
_ALLOWED = _NODES | _RELATIONS | _MODIFIERS
#: The values of a node that are looked at.
_READ = {"class", "type", "key", "error", "error_message", "function_name", "schema", "catalog"} | {
    "table_name",
    "schema_name",
    "catalog_name",
}
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
#: Functions of the clock and the session: through them the same events would give other tiles at
#: another time.
_OF_THE_MOMENT = (
    {"ago", "now", "today", "get_current_time", "get_current_timestamp", "transaction_timestamp"}
    | {"getvariable", "in_search_path", "get_block_size", "session_user", "user", "txid_current"}
    | {"current_catalog", "current_database", "current_date", "current_localtime", "current_role"}
    | {"current_localtimestamp", "current_schema", "current_schemas", "current_setting"}
    | {"current_user", "localtime", "localtimestamp", "version"}
)
#: Those of them that are called without brackets too, where no column has the name.
CALLED_BY_NAME = frozenset(
    {"current_catalog", "current_date", "current_role", "current_schema", "current_time"}
    | {"current_timestamp", "current_user", "localtime", "localtimestamp", "session_user", "user"}
)


def open_session(**config: str | bool | int) -> duckdb.DuckDBPyConnection:
    """Open a database in memory, closed to the outside.

    It reaches no file, network, extension or Python variable, and no SQL can change that. Its time
    zone is UTC, x/0 is null, and expressions run as they stand, as the plan's SQL expects. `config`
    is DuckDB's.
    """
    closed: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": False,
        "autoload_known_extensions": False,
        "autoinstall_known_extensions": False,
        "python_enable_replacements": False,
        "disabled_optimizers": DUCKDB_REWRITER,
    }
    session = duckdb.connect(":memory:", config=closed | config)
    session.execute("SET TimeZone = 'UTC'")
    session.execute("SET error_on_division_by_zero = false")
    session.execute("SET lock_configuration = true")
    return session


def require_select(
    session: duckdb.DuckDBPyConnection,
    sql: str,
    relations: Collection[str],
    what: str,
    columns: Iterable[str] = (),
) -> None:
    """Require that SQL of a plan only reads its events.

    It must be one SELECT of these relations and call pure functions only. `columns` are those of
    the relations: a column may be called `user`, as the function is. Raises PlanError if it is
    anything else; `what` names it in the message.
    """
    called = CALLED_BY_NAME - {column.casefold() for column in columns}
    reason = _objection(session, sql, set(relations), called)
    if reason is not None:
        raise PlanError(f"{what}: {reason}. A plan only selects from its events: compile it again.")


#: What DuckDB raises for SQL that cannot be run, whatever the machine has left. Memory, disks and
#: interruptions are not among it.
_FAULTS_OF_SQL = (
    duckdb.ProgrammingError,
    duckdb.PermissionException,
    duckdb.DataError,
    duckdb.NotSupportedError,
)


@contextmanager
def blaming_the_plan(what: str) -> Iterator[None]:
    """Blame the plan if its SQL does not fit.

    Raises PlanError where the SQL does not fit the relations that it reads, or their values.
    """
    try:
        yield
    except _FAULTS_OF_SQL as error:
        reason = str(error).splitlines()[0]
        raise PlanError(f"{what} cannot be run ({reason}). Compile it again.") from error


def _objection(
    session: duckdb.DuckDBPyConnection, sql: str, relations: set[str], called: Collection[str]
) -> str | None:
    """Say why a plan's SQL is refused, or None."""
    try:
        sql.encode()  # fails where a JSON escape stands for half of a character
        if (count := len(session.extract_statements(sql))) != 1:
            return f"its SQL is {count} statements, not one"
        (text,) = session.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()[0]
    except (duckdb.Error, ValueError) as error:
        return f"its SQL cannot be read ({str(error).splitlines()[0]})"
    *nodes, document = _nodes(text)
    if document["error"]:
        return f"its SQL is no query ({document['error_message']})"
    # An object with a `key` is a query of a WITH, by its name.
    known = relations | {node["key"] for node in nodes if "key" in node}
    for node in nodes:
        if reason := _forbidden(node, known):
            return reason
        name = node.get("column", "").casefold()
        if name in called:
            return f"its SQL calls {name!r}"
    return None


def _nodes(text: str) -> Iterator[dict[str, Any]]:
    """Walk the objects of a syntax tree, innermost first.

    Each object has only its plain values, and the bare name of a column as `column`. The tree is
    read here because expressions are nested more deeply than Python's JSON reader goes.
    """
    waiting: list[dict[str, Any]] = []
    key, is_value = "", False
    for token in _TOKEN.findall(text):
        match token:
            case "{" | "[":
                is_value = token == "["
                waiting.append({"is_name": True} if is_value and key == "column_names" else {})
                key = ""
            case "}":
                yield waiting.pop()
            case "]":
                names = waiting.pop()
                if "column" in names:
                    waiting[-1]["column"] = names["column"]
            case ":":
                is_value = True
            case ",":
                is_value = False
                if "is_name" in waiting[-1]:  # one with its relation, which is no call
                    waiting[-1].clear()
            case _ if not is_value:
                key = token[1:-1]
            case _ if "is_name" in waiting[-1]:
                waiting[-1]["column"] = json.loads(token)
            case _ if key in _READ:
                waiting[-1][key] = json.loads(token)


def _forbidden(node: dict[str, Any], relations: set[str]) -> str | None:
    """Say what a statement's part does that plans never do."""
    kind = node.get("type")
    if isinstance(kind, str) and "class" not in node and kind not in _ALLOWED and kind.isupper():
        return f"its SQL holds {kind.lower().removesuffix('_node').replace('_', ' ')}"
    if kind == "BASE_TABLE":
        name = ".".join(filter(None, (node["catalog_name"], node["schema_name"])))
        if name or node["table_name"] not in relations:
            return f"its SQL reads {node['table_name']!r}"
    function = node.get("function_name")
    if function is not None:
        is_own = node.get("schema") or node.get("catalog")
        if is_own or function not in _pure_functions():
            return f"its SQL calls {function!r}"
    return None


@cache
def _pure_functions() -> frozenset[str]:
    """Find the functions that depend on their arguments alone."""
    query = (
        "SELECT function_name FROM duckdb_functions() WHERE schema_name = 'main' AND function_type "
        "IN ('scalar', 'aggregate', 'macro') GROUP BY 1 HAVING bool_and(coalesce(stability, '') <> "
        "'VOLATILE')"
    )
    with duckdb.connect(":memory:") as session:
        names = {name for (name,) in session.execute(query).fetchall()}
    return frozenset(names - _OF_THE_MOMENT | {"unnest"})
