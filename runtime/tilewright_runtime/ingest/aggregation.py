"""Aggregation of raw rows to partial tiles, in DuckDB."""

from __future__ import annotations

import pyarrow as pa

from tilewright_compiler.plan.model import Plan, Source
from tilewright_compiler.plan.types import family
from tilewright_compiler.quoting import quoted

from ..errors import InputError, shown
from ..plans import prepares_from_plan
from ..plans.session import blaming_the_plan, open_session, require_select
from ..readers.arrow_types import is_text
from ..stores import TransactionalStore
from ..tiles.chunks import EventChunks
from ..tiles.entities import entity_encoder
from ..tiles.rollup import RollUp
from ..tiles.rows import TileRows
from ..times import LATEST_MS
from .batch_events import BatchEvents
from .event_ids import EventIds
from .judge import NOTHING_LATE, Judge
from .known_ids import KnownIds
from .late import Lateness
from .loaded_batch import LoadedBatch, Refused, tiles_of

_KEY_TOO_LONG = "the key is longer than the store allows"


def source_of(plan: Plan, name: str | None) -> Source:
    """Find the source of a name, or the only one.

    Raises InputError if there is none, or several and no name.
    """
    sources = {source.name: source for source in plan.sources}
    if name is None and len(sources) == 1:
        return next(iter(sources.values()))
    if not isinstance(name, str) or name not in sources:
        asked = (
            "which source the events are of is not said"
            if name is None
            else f"{shown(name)} is not a source of {plan.name}"
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
        self._events = BatchEvents(plan, self._connection)
        self._judge = Judge(plan, self._connection, self._events)
        # Whether one query makes the tiles of all levels, and nothing else asks for the events.
        self._selects_once = (
            self.chunks is None and bool(plan.levels) and RollUp(plan, self.rows).takes_lists
        )
        self._check_script()

    def ids_of(self, source: Source, state: TransactionalStore) -> KnownIds | None:
        """Make the ids of a source known to the session.

        There are none for a source whose events have no ids.
        """
        if source.event_id is None:
            return None
        if source.name not in self._ids:
            event_ids = EventIds(self.plan, source, state)
            self._ids[source.name] = KnownIds(self._connection, self._events, event_ids)
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
        script, events = self.plan.sql[source]["duckdb"], self._events
        with blaming_the_plan(f"plan {self.plan.name}: the SQL that reads {source}"):
            events.select(rows, script.read, latest_ms)
            self._keep_or_count(source, rows, is_whole=not (lateness or ids or outside))
            beyond = events.change(f"DELETE FROM events WHERE {outside}") if outside else 0
            self._refuse_long_keys()
            duplicates = ids.drop_known() if ids else 0
            judged = self._judge.judge(lateness, latest_ms) if lateness else NOTHING_LATE
            duplicates += ids.drop_repeated() if ids else 0
            late = self._judge.set_aside(judged.late_rows)
            refused = self._refused()
            selected = events.facts.selected + len(late)
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
            _events=events,
        )

    def _keep_or_count(self, source: str, rows: pa.Table, is_whole: bool) -> None:
        """Keep the events if many queries ask for them, else count them by their tiles.

        `is_whole` says that none may be taken out of the batch.
        """
        if not (self._selects_once and self._is_typed(source, rows)):
            self._events.keep()
        elif is_whole:
            script, size_ms = self.plan.sql[source]["duckdb"], self.plan.levels[-1].size_ms
            self._events.know_by(tiles_of(self._events, script, self.plan, size_ms))

    def _is_typed(self, source: str, rows: pa.Table) -> bool:
        """Tell whether no numbers or times come as texts.

        To read those twice costs more than to keep what is read.
        """
        return all(
            family(column.type) == "text" or not is_text(rows.schema.field(column.name).type)
            for column in source_of(self.plan, source).columns
        )

    def _refuse_long_keys(self) -> None:
        # Percent-encoding makes a byte three at most, so shorter keys need not be looked at one by
        # one.
        names = [quoted(key.name) for key in self.plan.keys]
        if 3 * self._events.facts.longest_key < self._max_entity_bytes - 4 * len(names):
            return
        distinct = self._events.table(
            f'SELECT DISTINCT {", ".join(names)} FROM events WHERE "__reason" IS NULL'
        )
        long = [
            row
            for row in distinct.to_pylist()
            if len(self._encode(list(row.values()))) > self._max_entity_bytes
        ]
        if not long:
            return
        self._connection.register("long_keys", pa.Table.from_pylist(long, schema=distinct.schema))
        same = " AND ".join(f"events.{name} = long_keys.{name}" for name in names)
        self._events.change(
            f'UPDATE events SET "__reason" = $reason FROM long_keys WHERE {same}',
            {"reason": _KEY_TOO_LONG},
        )
        self._connection.unregister("long_keys")

    def _refused(self) -> list[Refused]:
        if not self._events.facts.refused:
            return []
        rows = self._events.query(
            'SELECT "__row", "__reason" FROM events WHERE "__reason" IS NOT NULL'
        )
        return [Refused(row, reason) for row, reason in sorted(rows.fetchall())]
