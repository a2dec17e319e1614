"""The events of a batch, for the queries of a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from tilewright_compiler.plan.model import Plan
from tilewright_compiler.quoting import quoted

from ..times import EARLIEST_MS

Params = Mapping[str, Any]

#: No number, date or time is longer as text.
_OTHER_KEY_BYTES = 32


class Facts(NamedTuple):
    """What is known of the events of a batch."""

    selected: int
    refused: int
    longest_key: int
    """The bytes of the longest key, as texts one after the other."""
    oldest_ms: int | None
    """The oldest and newest of the times that a watermark may have."""
    newest_ms: int | None


class BatchEvents:
    """The table `events` of a session.

    Queries select it anew from the rows of the batch, which lie where they were read, until it is
    to be changed: to keep it costs more than to select it twice. It stays until the next batch is
    selected.
    """

    def __init__(self, plan: Plan, session: duckdb.DuckDBPyConnection) -> None:
        self._session = session
        self._names = [key.name for key in plan.keys]
        self._rows = 0
        self._read = ""
        self._latest_ms = 0
        self._is_kept = False
        self._facts: Facts | None = None
        self._found: tuple[str, Params | None, pa.Table] | None = None

    def select(self, rows: pa.Table, read: str, latest_ms: int) -> None:
        """Select the events of a batch, by a plan's SQL."""
        if self._is_kept:
            self._session.execute("DROP TABLE events")
        self._session.register("batch", rows)
        self._rows, self._read, self._latest_ms = len(rows), read, latest_ms
        self._is_kept, self._facts, self._found = False, None, None

    def keep(self) -> None:
        """Keep the events as they are now."""
        if self._is_kept:
            return
        self._found = None
        self._session.execute(
            f"CREATE OR REPLACE TEMP TABLE events AS {self._read}", {"latest_ms": self._latest_ms}
        )
        self._session.unregister("batch")
        self._is_kept = True

    def table(self, sql: str, params: Params | None = None) -> pa.Table:
        """Query the events, in any order.

        What was found last is known until the events are kept.
        """
        if self._found is not None and self._found[:2] == (sql, params):
            return self._found[2]
        query, known = self._selecting(sql, params)
        table = self._session.sql(query, params=known).to_arrow_table()
        self._found = None if self._is_kept else (sql, params, table)
        return table

    def query(self, sql: str, params: Params | None = None) -> duckdb.DuckDBPyConnection:
        """Query the events; rows are in order only if those are kept."""
        return self._session.execute(*self._selecting(sql, params))

    def _selecting(self, sql: str, params: Params | None) -> tuple[str, Params | None]:
        if self._is_kept:
            return sql, params
        return (
            f"WITH events AS NOT MATERIALIZED (\n{self._read}\n) FROM (\n{sql}\n)",
            {"latest_ms": self._latest_ms, **(params or {})},
        )

    def change(self, sql: str, params: Params | None = None) -> int:
        """Run a statement that changes the events.

        Returns how many it has changed.
        """
        self.keep()
        self._facts = None
        ((count,),) = self._session.execute(sql, params).fetchall()
        return int(count)

    def go_on_with(self, table: str) -> None:
        """Have another table's events in place of these."""
        self._session.execute(f"CREATE OR REPLACE TEMP TABLE events AS FROM {table}")
        self._is_kept, self._facts = True, None

    def know_by(self, tiles: pa.Table) -> None:
        """Know the facts by tiles that hold all rows.

        Then none is refused or left out, and counting them again is spared. Bytes of keys and the
        oldest time may be more and earlier than they are.
        """
        if (selected := pc.sum(tiles["__events"]).as_py()) != self._rows:
            return
        longest = 0
        for name in self._names:
            column = tiles[f"key:{name}"]
            is_text = pa.types.is_string(column.type)
            longest += pc.max(pc.binary_length(column)).as_py() if is_text else _OTHER_KEY_BYTES
        oldest_ms, newest_ms = pc.min(tiles["__start"]).as_py(), pc.max(tiles["__newest"]).as_py()
        self._facts = Facts(selected, 0, longest, oldest_ms, newest_ms)

    @property
    def facts(self) -> Facts:
        """What is known of the events, as they are now."""
        if self._facts is None:
            sizes = " + ".join(
                f"strlen(CAST({name} AS VARCHAR))" for name in map(quoted, self._names)
            )
            timed = f'"__ts" BETWEEN {EARLIEST_MS} AND {self._latest_ms}'
            (found,) = self.query(
                f'SELECT count(*), count("__reason"), '
                f'coalesce(max({sizes}) FILTER ("__reason" IS NULL), 0), '
                f'min("__ts") FILTER ({timed}), max("__ts") FILTER ({timed}) FROM events'
            ).fetchall()
            self._facts = Facts(*found)
        return self._facts
