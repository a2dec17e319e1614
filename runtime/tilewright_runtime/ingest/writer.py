"""The writer: events into tiles of every level.

Tiles are committed together with the positions of their sources.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import IO, Any

from tilewright_compiler.plan.model import Plan, Source

from ..readers import Batch, Input, Malformed, Position, inputs_of
from ..stores import Store, Transaction
from ..stores.cutover import cutover_ms, outside
from ..stores.progress import Progress
from ..stores.sweeping import Sweeper
from ..tiles.header import SEQUENCE
from ..tiles.rows import LevelTiles
from ..times import Moment, now_ms
from .aggregation import Aggregator, source_of
from .arrival import Arrival
from .counting import BatchCount, counting_batch
from .cursor import Cursor
from .known_inputs import KnownInputs
from .late_policies import LateTiles, late_rows
from .loaded_batch import BatchTiles, LoadedBatch
from .merge import Merged, Move, Swap
from .merging_store import claim, merging_store
from .options import require_flag, require_options
from .outbox import begin_outbox
from .passes import OnProgress, Taker, write_pass
from .rejects import Rejects, require_few
from .report import MERGING, WriteReport
from .stream_batches import StreamBatches
from .turns import Turns
from .unfinished import UnfinishedTiles


class Writer:
    """Writes the events of one plan into one store.

    A store without transactions, such as Redis, gets whole tiles; `state` is then the embedded
    store in which they are merged and which keeps the positions of their sources. What a store has
    not acknowledged is put by the next writer with that state. `rejects` is an open text file that
    gets one JSON object a line for every row that cannot be used. A write with more than
    `max_rejects` of those stops with an error before the batch that has one too many.

    With `stream` the events come as they happen: those later than the plan's allowed lateness are
    refused, and kept in the open text file `late` too. Otherwise they are history, in any order,
    and none is too late. `replay` says that the past is written again: no event is too late, or too
    far ahead of the `clock`.

    `until` is the time at which the store's history ends and its stream begins, and the store keeps
    it. From then on history takes the events before it only, and `stream` those at or after it.
    `sweeps` deletes tiles meanwhile whose time to live has passed.
    Threads may share a writer: they take turns. A fork of its process cannot write with it.
    Raises StoreError if the store holds tiles of another plan of the same name, if another process
    writes to it, or if it cannot be brought up to the state.
    """

    def __init__(
        self,
        plan: Plan,
        store: Store,
        *,
        state: Store | None = None,
        rejects: IO[str] | None = None,
        max_rejects: int | None = None,
        stream: bool = False,
        late: IO[str] | None = None,
        replay: bool = False,
        until: Moment = None,
        sweeps: bool = False,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        require_options(max_rejects, clock, stream=stream, replay=replay, sweeps=sweeps)
        self._state = merging_store(plan, store, state)
        self.plan = plan
        self.store = store
        is_stream_side = stream or late is not None
        self._arrival = Arrival(plan, is_stream_side and not replay, replay, clock)
        self._rejects = Rejects(rejects, "--rejects")
        self._late = Rejects(late, "--late")
        self._max_rejects = max_rejects
        self._turns = Turns()
        self._aggregator = Aggregator(
            plan, min(store.max_entity_bytes, self._state.max_entity_bytes)
        )
        rows, chunks = self._aggregator.rows, self._aggregator.chunks
        self._late_tiles = LateTiles(plan, rows, chunks, self._state.url)
        claim(plan, self._state, store, until)
        begins_ms = cutover_ms(plan, self._state.get)
        self._outside = outside(begins_ms, is_stream_side)
        self.known = KnownInputs(plan, self._state, is_stream_side and begins_ms is not None)
        self._sweeper = Sweeper(plan, self._state) if sweeps else None
        self._unfinished = UnfinishedTiles(plan.late.allowed_lateness_ms)
        self._outbox = begin_outbox(plan, self._state, store)

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session; the store stays open."""
        self._aggregator.close()

    def write(
        self,
        events: Any,
        source: str | None = None,
        position: str | None = None,
        again: bool = False,
    ) -> WriteReport:
        """Add events to the tiles.

        Returns what became of them. `events` is a path, a glob or a list of them, or anything that
        Arrow can stream (a pyarrow or polars table, a pandas frame), or a list of dictionaries. A
        file is read on from where the last write of it ended, so writing it again adds nothing. A
        table is added each time, unless `position` names it. A file that was read before under
        another name goes on there if that name is gone, and is an error if not; `again` counts it
        as another file. Raises InputError if nothing can be read; what was committed before stays.
        """
        require_flag("again", again)
        report = self.write_inputs(inputs_of(events, position), source, again=again)
        if report.errors:
            raise report.errors[0]
        return report

    def write_inputs(
        self,
        inputs: Sequence[Input],
        source: str | None = None,
        on_progress: OnProgress | None = None,
        again: bool = False,
    ) -> WriteReport:
        """Write one input after the other.

        One that cannot be read ends up in `errors` and does not stop the rest.
        """
        taker = Taker(self, source_of(self.plan, source))
        with self._turns.taken():
            write_pass([taker], inputs, on_progress or _silent, again)
        if taker.failure is not None:
            raise taker.failure
        return taker.report

    def end_pass(self) -> None:
        """Say that a pass has ended.

        The order of history says nothing, so the watermark moves to its end only now.
        """
        if self._arrival.is_stream:
            return

        def move(transaction: Transaction) -> None:
            before = Progress.load(self.plan, transaction.get)
            after = before.moved(before.head_ms(self.plan))
            if after != before:
                after.save(self.plan, transaction)

        self._state.transact(move)
        if self._outbox:
            self._outbox.deliver()

    def cursor(self, source: Source, item: Input) -> Cursor:
        """Find how far an input is written."""
        self._turns.require_own_process()
        return Cursor(self.known, self._state, source, item)

    def add_batch(self, cursor: Cursor, batch: Batch, report: WriteReport) -> None:
        """Commit a batch together with its position.

        Raises TooManyRejectsError, and adds nothing of the batch, if too many rows cannot be used.
        """
        with counting_batch(self.plan) as count:
            self._add_batch(cursor, batch, report, count)

    def _add_batch(
        self, cursor: Cursor, batch: Batch, report: WriteReport, count: BatchCount
    ) -> None:
        arrival, source = self._arrival, cursor.source
        lateness = arrival.lateness(cursor.stream, self.progress)
        ids = self._aggregator.ids_of(source, self._state)
        loaded = self._aggregator.load(
            source.name, batch.table, arrival.latest_ms(), lateness, ids, self._outside
        )
        refused, too_late = self._keep_refused(cursor, batch, loaded)
        require_few(self._max_rejects, len(refused), self.plan, cursor, report)
        tiles = loaded.tiles_of_all()
        count.levels = tiles.all_levels
        report.stage = MERGING
        move = arrival.move(cursor.stream, lateness, loaded.newest_ms, too_late)

        def commit(
            swap: Swap | None, transaction: Transaction
        ) -> tuple[Merged, Position, Callable[[], None]]:
            merged = self._merge(count.measured(transaction), tiles, move, swap)
            position = cursor.keep(transaction, loaded.counted, batch.position)
            newest_ms = merged.after.newest_ms
            if ids is None or newest_ms is None:
                return merged, position, _nothing
            return merged, position, ids.keep(transaction, newest_ms)

        merged, position, know_ids = self._late_tiles.transact(self._state, tiles.late, commit)
        count.before = merged.before
        know_ids()
        cursor.moved(loaded.counted, position)
        report.watermark_ms = merged.after.head_ms(self.plan)
        report.open_tiles = self._unfinished.add(merged.added, report.watermark_ms)
        report.rows += len(batch.table) + len(batch.malformed)
        report.refused.update(row.reason for row in refused)
        report.add(loaded, tiles.all_levels)
        self._deliver(merged)

    def _keep_refused(
        self, cursor: Cursor, batch: Batch, loaded: LoadedBatch
    ) -> tuple[list[Malformed], int]:
        """Keep the refused rows of a batch in their files.

        Gives them, and how many of the batch came too late.
        """
        refused = self._rejects.rows_of(batch, loaded.refused)
        self._rejects.keep(cursor.item, refused)
        too_late = late_rows(self.plan, self._late, batch, loaded)
        self._late.keep(cursor.item, too_late)
        return refused, len(too_late)

    def _deliver(self, merged: Merged) -> None:
        """Put a commit's tiles, and sweep if due."""
        if self._outbox:
            self._outbox.deliver()
        if self._sweeper is not None:
            self._sweeper.sweep_if_due(merged.after.newest_ms)

    def progress(self) -> Progress:
        """How far the store has the plan's events."""
        return Progress.load(self.plan, self._state.get)

    def add_tiles(
        self, levels: Sequence[LevelTiles], stream: str, batch: int, move: Move | None = None
    ) -> bool:
        """Add tiles of every level from another engine.

        The engine made them of a batch of a stream. Returns whether they were new. Batches are
        numbered upwards. One that was added before is passed over, so a replay changes nothing.
        `move` moves the watermark; else it goes to the newest event, less the disorder.
        Raises StoreError if the tiles in the store are of another stream: its events may be among
        these.
        """
        batches = StreamBatches(self.plan, stream, self._state.url)

        def commit(transaction: Transaction) -> Progress | None:
            if batch <= batches.last(transaction):
                return None
            events = int(levels[-1].block.rows[:, SEQUENCE].sum()) if levels else 0
            tiles = BatchTiles(levels, events)
            merged = self._merge(count.measured(transaction), tiles, move or self._to_head)
            batches.keep(transaction, batch)
            return merged.before

        with self._turns.taken(), counting_batch(self.plan) as count:
            count.levels = levels
            count.before = self._state.transact(commit)
            if self._outbox:
                self._outbox.deliver()
        return count.before is not None

    def _to_head(self, progress: Progress) -> Progress:
        return progress.moved(progress.head_ms(self.plan))

    def _merge(
        self, transaction: Transaction, tiles: BatchTiles, move: Move, swap: Swap | None = None
    ) -> Merged:
        """Merge tiles, and note them for the outbox."""
        merged = self._late_tiles.merge(transaction, tiles, move, swap)
        if self._outbox:
            changed = [level.keys for level in tiles.all_levels]
            swapped = len(tiles.late) if swap else 0
            self._outbox.add(transaction, merged.before, merged.after, changed, swapped)
        return merged


def _nothing() -> None:
    """Do nothing after a commit."""


def _silent(item: Input, part: float, report: WriteReport) -> None:
    """Tell nobody how far a write is."""
