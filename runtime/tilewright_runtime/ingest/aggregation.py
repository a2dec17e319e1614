"""Raw rows to the partial tiles of a level: the plan's SQL in DuckDB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from tilewright_compiler.plan.model import Plan, Source
from tilewright_compiler.quoting import quoted

from ..errors import InputError
from ..session import open_session
from ..tiles.chunks import EventChunks
from ..tiles.entities import entity_encoder
from ..tiles.rows import LevelTiles, TileRows

_KEY_TOO_LONG = "the key is longer than the store allows"


@dataclass(frozen=True)
class Refused:
    """A row that cannot be used: its number in the input and why."""

    row: int
    reason: str


def source_of(plan: Plan, name: str | None) -> Source:
    """The source of a name, or the only one.

    Raises InputError if there is none, or several and no name.
    """
    sources = {source.name: source for source in plan.sources}
    if name is None and len(sources) == 1:
        return next(iter(sources.values()))
    if name not in sources:
        asked = (
            "which source the events are of is not said"
            if name is None
            else f"{name!r} is not a source of {plan.name}"
        )
        raise InputError(
            f"{asked}: it has {', '.join(sources)}. Name one with --source (in Python: source=)."
        )
    return sources[name]


class Aggregator:
    """A DuckDB session that turns batches of raw rows into tiles, one batch at a time."""

    def __init__(self, plan: Plan, max_entity_bytes: int) -> None:
        self.plan = plan
        self.rows = TileRows(plan)
        self._max_entity_bytes = max_entity_bytes - len(plan.name.encode())
        self._encode = entity_encoder(plan.keys)
        self.chunks = EventChunks(plan, plan.events) if plan.events is not None else None
        self._connection = open_session()
        self._connection.execute("SET preserve_insertion_order = false")
        self._statements = {
            source: _split(scripts["duckdb"]) for source, scripts in plan.sql.items()
        }

    def close(self) -> None:
        """Ends the session."""
        self._connection.close()

    def load(self, source: str, rows: pa.Table) -> int:
        """Reads, filters and selects a batch; returns how many rows the author's filters left
        out.
        """
        read, *self._level_queries = self._statements[source]
        self._event_query = self._level_queries.pop() if self.chunks is not None else ""
        self._connection.register("batch", rows)
        self._connection.execute(read)
        self._connection.unregister("batch")
        self._refuse_long_keys()
        return len(rows) - int(self._value("SELECT count(*) FROM events"))

    def _value(self, query: str) -> Any:
        return self._connection.execute(query).fetchall()[0][0]

    def _refuse_long_keys(self) -> None:
        keys = ", ".join(quoted(key.name) for key in self.plan.keys)
        sizes = " + ".join(f"strlen(CAST({quoted(key.name)} AS VARCHAR))" for key in self.plan.keys)
        # Percent-encoding makes a byte three at most, so shorter keys need not be looked at one by
        # one.
        if 3 * (
            self._value(f'SELECT max({sizes}) FROM events WHERE "__reason" IS NULL') or 0
        ) < self._max_entity_bytes - 4 * len(self.plan.keys):
            return
        distinct = self._connection.sql(
            f'SELECT DISTINCT {keys} FROM events WHERE "__reason" IS NULL'
        ).to_arrow_table()
        long = [
            row
            for row in distinct.to_pylist()
            if len(self._encode(list(row.values()))) > self._max_entity_bytes
        ]
        if long:
            self._connection.register(
                "long_keys", pa.Table.from_pylist(long, schema=distinct.schema)
            )
            same = " AND ".join(
                f"events.{quoted(key.name)} = long_keys.{quoted(key.name)}"
                for key in self.plan.keys
            )
            self._connection.execute(
                f'UPDATE events SET "__reason" = $reason FROM long_keys WHERE {same}',
                {"reason": _KEY_TOO_LONG},
            )
            self._connection.unregister("long_keys")

    def refused(self) -> list[Refused]:
        """The rows of the loaded batch that cannot be used."""
        if not self._value('SELECT count("__reason") FROM events'):
            return []
        found = self._connection.execute(
            'SELECT "__row", "__reason" FROM events WHERE "__reason" IS NOT NULL ORDER BY "__row"'
        )
        return [Refused(row, reason) for row, reason in found.fetchall()]

    def tiles(self, size_ms: int) -> LevelTiles:
        """The loaded batch as tiles of one level."""
        tiles, *buckets = (
            self._connection.sql(query, params={"tile_ms": size_ms}).to_arrow_table()
            for query in self._level_queries
        )
        return self.rows.level(tiles, size_ms, buckets)

    def event_chunks(self, chunks: EventChunks) -> LevelTiles:
        """The loaded batch as chunks of raw events."""
        return chunks.level(self._connection.sql(self._event_query).to_arrow_table(), self.rows)


def _split(script: str) -> list[str]:
    """The statements: one for a batch, for a level one for its tiles and one for each bucket
    column, and one for raw events.
    """
    return [statement.query for statement in duckdb.extract_statements(script)]
