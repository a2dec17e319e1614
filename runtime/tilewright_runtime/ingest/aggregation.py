"""Aggregation of raw rows to partial tiles, in DuckDB."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from tilewright_compiler.plan.model import Plan, Source
from tilewright_compiler.plan.script import Script
from tilewright_compiler.quoting import quoted

from ..errors import InputError, shown
from ..plans import prepares_from_plan
from ..plans.session import blaming_the_plan, open_session, require_select
from ..stores import TransactionalStore
from ..tiles.chunks import EventChunks
from ..tiles.entities import entity_encoder
from ..tiles.rows import TileRows
from ..times import LATEST_MS
from .event_ids import EventIds
from .judge import NOTHING_LATE, Judge
from .known_ids import KnownIds
from .late import Lateness
from .loaded_batch import LoadedBatch, Refused

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
        with blaming_the_plan(f"plan {self.plan.name}: the SQL that reads {source}"):
            self._read(rows, script, latest_ms)
            beyond = self._leave_out(outside) if outside else 0
            self._refuse_long_keys()
            duplicates = ids.drop_known() if ids else 0
            judged = self._judge.judge(lateness, latest_ms) if lateness else NOTHING_LATE
            duplicates += ids.drop_repeated() if ids else 0
            late = self._judge.set_aside(judged.late_rows)
            refused = self._refused()
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

    def _read(self, rows: pa.Table, script: Script, latest_ms: int) -> None:
        """Make the table `events` of a source's rows."""
        self._connection.register("batch", rows)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE events AS {script.read}", {"latest_ms": latest_ms}
        )
        self._connection.unregister("batch")

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
