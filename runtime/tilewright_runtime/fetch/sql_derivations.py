"""Derivations that DuckDB computes from features.

They are computed for a batch of answers at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.sqltypes import DuckDBPyType

from tilewright_compiler.plan.model import Derivation, Plan
from tilewright_compiler.quoting import quoted

from ..plans.session import blaming_the_plan, open_session, require_select

#: A column that is there also where no expression reads a feature, so that every answer is a row.
_ROW = "__row"

_NESTED = ("list", "map", "struct")
_ZONED, _PLAIN = "TIMESTAMP WITH TIME ZONE", "TIMESTAMP"


class SqlDerivations:
    """A DuckDB session for the derivations of a plan.

    Threads may share it. It is opened only for plans that have derivations. The query is prepared
    once, over a relation that is filled for each batch: to plan it again would take ten times as
    long as a batch of one. So one batch runs at a time, from filling to the last row. Otherwise a
    batch could be answered with the values of another.
    """

    def __init__(self, plan: Plan, derivations: Sequence[Derivation]) -> None:
        self.names = [derivation.name for derivation in derivations]
        used = {name for derivation in derivations for name in derivation.features}
        types = {feature.name: feature.type for feature in plan.features if feature.name in used}
        self._session = open_session(threads=1)
        query = f"SELECT {', '.join(map(_expression, derivations))} FROM features"
        require_select(self._session, query, {"features"}, f"plan {plan.name}: derivations", used)
        self._lock = threading.Lock()
        self._batch = _Batch(_arrow_schema(self._session, types))
        self._session.register("features", self._batch)
        with blaming_the_plan(f"plan {plan.name}: the SQL of its derivations"):
            self._session.execute(f"PREPARE derive AS {query}")
        (self._query,) = self._session.extract_statements("EXECUTE derive")
        self._readers = [
            _reader(duckdb.sqltype(derivation.type.replace(_ZONED, _PLAIN)))
            for derivation in derivations
        ]

    def of(self, answers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Compute the derivations of each answer's features.

        They are in the order of the plan. One that cannot be computed is null.
        """
        if not answers:
            return []
        with self._lock:
            self._batch.fill(answers)
            # The client's Arrow results need a relation, which takes twice the time of an
            # execution for a batch of one.
            rows = self._session.execute(self._query).fetchall()
        return [self._read(row) for row in rows]

    def _read(self, row: Sequence[Any]) -> dict[str, Any]:
        return {
            name: read(value)
            for name, read, value in zip(self.names, self._readers, row, strict=True)
        }


class _Batch:
    """The relation that the query reads.

    Each run of the query gets the rows that it holds then.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._table = schema.empty_table()

    def fill(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put the features of some answers into the relation."""
        schema = self._table.schema
        columns = [pa.array(range(len(rows)), pa.int64())]
        for field in list(schema)[1:]:
            columns.append(pa.array([row[field.name] for row in rows], field.type))
        self._table = pa.Table.from_arrays(columns, schema=schema)

    def __arrow_c_schema__(self) -> object:
        return self._table.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def _arrow_schema(session: Any, types: Mapping[str, str]) -> pa.Schema:
    """Ask DuckDB for the Arrow types of its types."""
    columns = [f"CAST(NULL AS BIGINT) AS {_ROW}"]
    columns += [f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in types.items()]
    schema: pa.Schema = session.sql(f"SELECT {', '.join(columns)}").to_arrow_table().schema
    return schema


def _expression(derivation: Derivation) -> str:
    # TRY makes a null of what cannot be computed, such as an overflow, for its row only. A time
    # with a zone is read without one: it is the same in UTC, and the client needs no further
    # package to make a Python value of it.
    plain = derivation.type.replace(_ZONED, _PLAIN)
    sql = derivation.sql if plain == derivation.type else f"CAST({derivation.sql} AS {plain})"
    return f"TRY({sql}) AS {quoted(derivation.name)}"


def _reader(kind: DuckDBPyType) -> Callable[[Any], Any]:
    """Make the function that reads values of a type.

    It takes what DuckDB's client gives and returns the value of an answer.
    """
    if kind.id in ("date", "timestamp"):
        return _time
    parts = []
    if kind.id in _NESTED:
        parts = [_reader(part) for _, part in kind.children if isinstance(part, DuckDBPyType)]
    if all(part is _same for part in parts):
        return _same
    match kind.id:
        case "list":
            return _unless_null(lambda values: [parts[0](value) for value in values])
        case "map":
            return _unless_null(
                lambda values: {parts[0](key): parts[1](value) for key, value in values.items()}
            )
        case _:
            return _unless_null(
                lambda values: {
                    name: part(values[name])
                    for (name, _), part in zip(kind.children, parts, strict=True)
                }
            )


def _same(value: Any) -> Any:
    return value


def _unless_null(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def _time(value: Any) -> Any:
    """Read a day, or a time in UTC.

    Beyond the years 1 to 9999 the client gives a text, and the value is null.
    """
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    return value if isinstance(value, date) else None
