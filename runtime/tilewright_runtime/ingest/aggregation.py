"""Aggregation of raw rows to partial tiles, in DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from tilewright_compiler.plan.model import Plan, Source
from tilewright_compiler.plan.script import Script
from tilewright_compiler.quoting import quoted

from ..errors import InputError, PlanError
from ..plans import parts_fit, prepares_from_plan
from ..plans.session import blaming_the_plan, open_session, require_select
from ..stores import TransactionalStore
from ..tiles.chunks import EventChunks
from ..tiles.entities import entity_encoder
from ..tiles.rows import LevelTiles, TileRows
from ..times import LATEST_MS
from .event_ids import EventIds
from .judge import NOTHING_LATE, Judge
from .known_ids import KnownIds
from .late import Lateness

_KEY_TOO_LONG = "the key is longer than the store allows"


@dataclass(frozen=True)
class Refused:
    """A row that cannot be used, and why."""

    row: int
    reason: str


def source_of(plan: Plan, name: str | None) -> Source:
    """Find the source of a name, or the only one.

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
    """A DuckDB session that aggregates raw rows to tiles.

    It holds one batch at a time.
    """

    @prepares_from_plan
    def __init__(self, plan: Plan, max_entity_bytes: int) -> None:
        self.plan = plan
        self.rows = TileRows(plan)
        self.chunks = EventChunks(plan, plan.events) if plan.events is not None else None
        self._max_entity_bytes = max_entity_bytes - len(plan.name.encode())
        self._encode = entity_encoder(plan.keys)
        self._connection = open_session(preserve_insertion_order=False)
        self._ids: dict[str, KnownIds] = {}
        self._judge = Judge(plan, self._connection)
        self._check_script()

    def ids_of(self, source: Source, state: TransactionalStore) -> KnownIds | None:
        """Make the ids of a source known to the session.

        There are none for a source whose events have no ids.
        """
        if source.event_id is None:
            return None
        if source.name not in self._ids:
            event_ids = EventIds(self.plan, source, state)
            self._ids[source.name] = KnownIds(self._connection, event_ids)
        return self._ids[source.name]

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def _check_script(self) -> None:
        """Check that the plan's SQL is what it may be.

        Raises PlanError if some part of it is not.
        """
        fields = {source.name: source.column_names for source in self.plan.sources}
        selects = {name for source in self.plan.sources for name in source.selects}
        for source, scripts in self.plan.sql.items():
            script, named = scripts["duckdb"], f"plan {self.plan.name}: sql of {source}"
            names = selects.union(fields.get(source, ()))
            require_select(self._connection, script.read, {"batch"}, f"{named}, read", names)
            others = {"tiles": script.tiles, "events": script.events}
            others |= {f"buckets of {column}": sql for column, sql in script.buckets.items()}
            for part, sql in others.items():
                if sql is not None:
                    what = f"{named}, {part}"
                    require_select(self._connection, sql, {"events"}, what, selects)

    def load(
        self,
        source: str,
        rows: pa.Table,
        latest_ms: int = LATEST_MS,
        lateness: Lateness | None = None,
        ids: KnownIds | None = None,
        outside: str = "",
    ) -> LoadedBatch:
        """Read, filter and select a batch.

        Events after `latest_ms` are refused, and by `lateness` those of a stream that come too
        late. Events whose `ids` are known are passed over, and those `outside` of what is wanted,
        which is a condition in SQL. The batch stays until the next one is loaded.
        """
        script = self.plan.sql[source]["duckdb"]
        self._connection.register("batch", rows)
        with blaming_the_plan(f"plan {self.plan.name}: the SQL that reads {source}"):
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE events AS {script.read}", {"latest_ms": latest_ms}
            )
            beyond = self._leave_out(outside) if outside else 0
            self._refuse_long_keys()
            duplicates = ids.drop_known() if ids else 0
            judged = self._judge.judge(lateness, latest_ms) if lateness else NOTHING_LATE
            duplicates += ids.drop_repeated() if ids else 0
            late = self._judge.set_aside(judged.late_rows)
            refused = self._refused()
        self._connection.unregister("batch")
        selected = int(self._value("SELECT count(*) FROM events")) + len(late)
        return LoadedBatch(
            filtered=len(rows) - selected - duplicates - beyond,
            beyond=beyond,
            duplicates=duplicates,
            refused=refused,
            usable=selected - len(refused),
            newest_ms=judged.newest_ms,
            late=late,
            _script=script,
            _rows=self.rows,
            _chunks=self.chunks,
            _connection=self._connection,
        )

    def _value(self, query: str) -> Any:
        return self._connection.execute(query).fetchall()[0][0]

    def _leave_out(self, outside: str) -> int:
        """Leave events out by a condition, and count them."""
        return int(self._value(f"DELETE FROM events WHERE {outside}"))

    def _refuse_long_keys(self) -> None:
        names = [quoted(key.name) for key in self.plan.keys]
        sizes = " + ".join(f"strlen(CAST({name} AS VARCHAR))" for name in names)
        longest = self._value(f'SELECT max({sizes}) FROM events WHERE "__reason" IS NULL') or 0
        # Percent-encoding makes a byte three at most, so shorter keys need not be looked at one by
        # one.
        if 3 * longest < self._max_entity_bytes - 4 * len(names):
            return
        distinct = self._connection.sql(
            f'SELECT DISTINCT {", ".join(names)} FROM events WHERE "__reason" IS NULL'
        ).to_arrow_table()
        long = [
            row
            for row in distinct.to_pylist()
            if len(self._encode(list(row.values()))) > self._max_entity_bytes
        ]
        if not long:
            return
        self._connection.register("long_keys", pa.Table.from_pylist(long, schema=distinct.schema))
        same = " AND ".join(f"events.{name} = long_keys.{name}" for name in names)
        self._connection.execute(
            f'UPDATE events SET "__reason" = $reason FROM long_keys WHERE {same}',
            {"reason": _KEY_TOO_LONG},
        )
        self._connection.unregister("long_keys")

    def _refused(self) -> list[Refused]:
        if not self._value('SELECT count("__reason") FROM events'):
            return []
        rows = self._connection.execute(
            'SELECT "__row", "__reason" FROM events WHERE "__reason" IS NOT NULL ORDER BY "__row"'
        )
        return [Refused(row, reason) for row, reason in rows.fetchall()]


@dataclass(frozen=True)
class BatchTiles:
    """The tiles of a batch.

    Those of late events that are set aside stand apart.
    """

    levels: Sequence[LevelTiles]
    events: int
    late: Sequence[LevelTiles] = ()
    late_events: int = 0

    @property
    def all_levels(self) -> list[LevelTiles]:
        """The tiles of both."""
        return [*self.levels, *self.late]


@dataclass(frozen=True)
class LoadedBatch:
    """A batch of events in the aggregator's session.

    It stays until the session loads the next one.
    """

    filtered: int
    """How many rows the author's filters left out."""
    beyond: int
    """How many events lie beyond the cut-over."""
    duplicates: int
    """How many events were passed over, since they count already."""
    refused: list[Refused]
    """The rows that cannot be used, in their order."""
    usable: int
    """How many events count."""
    newest_ms: int | None
    """The newest time that moves the watermark of a stream."""
    late: list[int]
    """The rows of those among them that are set aside for the plan's policy."""
    _script: Script
    _rows: TileRows
    _chunks: EventChunks | None
    _connection: duckdb.DuckDBPyConnection

    def counts(self, size_ms: int) -> dict[tuple[str, int], int]:
        """Count events by entity and tile of a size.

        They are counted by entity and tile start.
        """
        columns = [
            f"{quoted(key.name)} AS {quoted(f'key:{key.name}')}" for key in self._rows.plan.keys
        ]
        columns += ['"__ts" - "__ts" % $tile_ms AS "__start"', 'count(*) AS "__events"']
        table = self._connection.sql(
            f'SELECT {", ".join(columns)} FROM events WHERE "__reason" IS NULL GROUP BY ALL',
            params={"tile_ms": size_ms},
        ).to_arrow_table()
        texts, indices = self._rows.entity_texts(table)
        entities = [texts[index] for index in indices.tolist()]
        starts_ms, events = table["__start"].to_pylist(), table["__events"].to_pylist()
        return dict(zip(zip(entities, starts_ms, strict=True), events, strict=True))

    @property
    def counted(self) -> int:
        """How many events count by now, duplicates too."""
        return self.usable + self.duplicates

    def tiles_of_all(self) -> BatchTiles:
        """Aggregate the batch, then the late events set aside."""
        on_time = self._all_levels()
        if not self.late:
            return BatchTiles(on_time, self.usable)
        self._connection.execute("CREATE OR REPLACE TEMP TABLE events AS FROM late_events")
        late = len(self.late)
        return BatchTiles(on_time, self.usable - late, self._all_levels(), late)

    def _all_levels(self) -> list[LevelTiles]:
        """Aggregate the batch to tiles of all levels.

        If raw events are kept, their chunks come last.
        """
        levels = [self.tiles(level.size_ms) for level in self._rows.plan.levels]
        chunks = self.event_chunks()
        return levels if chunks is None else [*levels, chunks]

    def tiles(self, size_ms: int) -> LevelTiles:
        """Aggregate the batch to one level's tiles."""
        if self._script.tiles is None:
            raise ValueError("the plan has no levels")
        size = {"tile_ms": size_ms}
        queries = [self._script.tiles, *self._script.buckets.values()]
        tiles, *buckets = (self._table(query, size) for query in queries)
        if tiles.column_names != self._rows.plan.tile_columns:
            raise PlanError(
                f"plan {self._rows.plan.name}: the SQL of its tiles does not give its "
                "tile_columns. Compile it again."
            )
        # The states of a plan that was edited may not take what its SQL gives.
        with parts_fit(self._rows.plan):
            return self._rows.level(tiles, size_ms, buckets)

    def event_chunks(self) -> LevelTiles | None:
        """Give the batch as chunks, if raw events are kept."""
        if self._chunks is None or self._script.events is None:
            return None
        events = self._table(self._script.events)
        with parts_fit(self._rows.plan):
            return self._chunks.level(events, self._rows)

    def _table(self, query: str, params: dict[str, int] | None = None) -> pa.Table:
        with blaming_the_plan(f"plan {self._rows.plan.name}: the SQL of its tiles"):
            return self._connection.sql(query, params=params).to_arrow_table()
