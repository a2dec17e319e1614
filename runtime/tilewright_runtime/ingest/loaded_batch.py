"""A batch in the aggregator's session, and its tiles."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pyarrow as pa

from tilewright_compiler.plan.model import Plan
from tilewright_compiler.plan.script import Script
from tilewright_compiler.quoting import quoted

from ..errors import PlanError
from ..plans import parts_fit
from ..plans.session import blaming_the_plan
from ..tiles.chunks import EventChunks
from ..tiles.rollup import RollUp
from ..tiles.rows import LevelTiles, TileRows
from .batch_events import BatchEvents


@dataclass(frozen=True)
class Refused:
    """A row that cannot be used, and why."""

    row: int
    reason: str


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
    _events: BatchEvents

    def counts(self, size_ms: int) -> dict[tuple[str, int], int]:
        """Count events by entity and tile of a size.

        They are counted by entity and tile start.
        """
        columns = [
            f"{quoted(key.name)} AS {quoted(f'key:{key.name}')}" for key in self._rows.plan.keys
        ]
        columns += ['"__ts" - "__ts" % $tile_ms AS "__start"', 'count(*) AS "__events"']
        table = self._events.table(
            f'SELECT {", ".join(columns)} FROM events WHERE "__reason" IS NULL GROUP BY ALL',
            {"tile_ms": size_ms},
        )
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
        self._events.go_on_with("late_events")
        late = len(self.late)
        return BatchTiles(on_time, self.usable - late, self._all_levels(), late)

    def _all_levels(self) -> list[LevelTiles]:
        """Aggregate the batch to tiles of all levels.

        If raw events are kept, their chunks come last.
        """
        levels = self._levels() if self._rows.plan.levels else []
        chunks = self.event_chunks()
        return levels if chunks is None else [*levels, chunks]

    def _levels(self) -> list[LevelTiles]:
        """Aggregate the batch to levels of tiles, once if possible."""
        sizes = [level.size_ms for level in self._rows.plan.levels]
        roll_up = RollUp(self._rows.plan, self._rows)
        if not roll_up.takes_lists:
            return [self.tiles(size_ms) for size_ms in sizes]
        finest, _ = self._query(sizes[-1])
        with parts_fit(self._rows.plan):
            return roll_up.from_lists(finest)

    def tiles(self, size_ms: int) -> LevelTiles:
        """Aggregate the batch to one level's tiles."""
        tiles, buckets = self._query(size_ms)
        # The states of a plan that was edited may not take what its SQL gives.
        with parts_fit(self._rows.plan):
            return self._rows.level(tiles, size_ms, buckets)

    def _query(self, size_ms: int) -> tuple[pa.Table, list[pa.Table]]:
        """Query one level's tiles, and their buckets."""
        tiles = tiles_of(self._events, self._script, self._rows.plan, size_ms)
        size = {"tile_ms": size_ms}
        return tiles, [self._table(query, size) for query in self._script.buckets.values()]

    def event_chunks(self) -> LevelTiles | None:
        """Give the batch as chunks, if raw events are kept."""
        if self._chunks is None or self._script.events is None:
            return None
        events = self._table(self._script.events)
        with parts_fit(self._rows.plan):
            return self._chunks.level(events, self._rows)

    def _table(self, query: str, params: dict[str, int] | None = None) -> pa.Table:
        with _blaming(self._rows.plan):
            return self._events.table(query, params)


def tiles_of(events: BatchEvents, script: Script, plan: Plan, size_ms: int) -> pa.Table:
    """Query one level's tiles of a batch.

    Raises PlanError if the plan's SQL gives other columns than it says.
    """
    if script.tiles is None:
        raise ValueError("the plan has no levels")
    with _blaming(plan):
        tiles = events.table(script.tiles, {"tile_ms": size_ms})
    if tiles.column_names != plan.tile_columns:
        raise PlanError(
            f"plan {plan.name}: the SQL of its tiles does not give its tile_columns. Compile it "
            "again."
        )
    return tiles


def _blaming(plan: Plan) -> AbstractContextManager[None]:
    return blaming_the_plan(f"plan {plan.name}: the SQL of its tiles")
