"""The writer: events into tiles of every level.

Tiles are committed together with the positions of their sources.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import IO, Any

from tilewright_compiler.plan.model import Plan, Source

from ..errors import InputError, StoreError
from ..readers import Batch, Input, Position, inputs_of
from ..stores import CheckedStore, Store, Transaction, TransactionalStore
from ..stores.documents import reading_document
from ..stores.ownership import register_plan, require_no_load, require_no_stream
from ..stores.progress import Progress
from ..tiles.header import SEQUENCE
from ..tiles.keys import EVENTS
from ..tiles.rows import LevelTiles
from ..times import LATEST_MS, now_ms
from .aggregation import Aggregator, source_of
from .known_inputs import KnownInputs
from .late import Lateness
from .merge import Merger, Move
from .outbox import Outbox
from .rejects import Rejects
from .report import WriteReport

#: Gets an input, the part of it that is written (0 to 1), and the report so far.
OnProgress = Callable[[Input, float, WriteReport], None]


class Writer:
    """Writes the events of one plan into one store.

    A store without transactions, such as Redis, gets whole tiles; `state` is then the embedded
    store in which they are merged and which keeps the positions of their sources. What a store has
    not acknowledged is put by the next writer with that state. `rejects` is an open text file that
    gets one JSON object a line for every row that cannot be used.

    With `stream` the events come as they happen: those later than the plan's allowed lateness are
    refused, and kept in the open text file `late` too. Otherwise they are history, in any order,
    and none is too late. `replay` says that the past is written again: no event is too late, or too
    far ahead of the `clock`.
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
        stream: bool = False,
        late: IO[str] | None = None,
        replay: bool = False,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.plan = plan
        self.store = store
        self._replay = replay
        self._clock = clock
        self._state = _where_tiles_are_merged(store, state)
        self._rejects = Rejects(rejects, "--rejects")
        self._late = Rejects(late, "--late")
        self._is_stream = (stream or late is not None) and not replay
        self._pid = os.getpid()
        self._aggregator = Aggregator(
            plan, min(store.max_entity_bytes, self._state.max_entity_bytes)
        )
        self._merger = Merger(plan, self._aggregator.rows, self._aggregator.chunks, self._state.url)
        register_plan(plan, self._state)
        require_no_stream(plan, self._state)
        for place in (self._state, store):
            require_no_load(plan, place)
        self._known = KnownInputs(plan, self._state)
        self._outbox = None
        if isinstance(store, CheckedStore):
            self._outbox = Outbox(plan, self._state, store)
            self._outbox.begin()

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
        self._require_own_process()
        chosen = source_of(self.plan, source)
        report = WriteReport()
        for item in inputs if again else self._known.resolve(chosen, inputs, report):
            try:
                self._write_input(chosen, item, report, on_progress or _silent)
            except InputError as error:
                report.errors.append(error)
        if not self._is_stream:
            self._end_of_history()
        return report

    def _end_of_history(self) -> None:
        """Move the watermark to the end of what was written, whose order says nothing."""

        def move(transaction: Transaction) -> None:
            before = Progress.load(self.plan, transaction.get)
            after = before.moved(before.head_ms(self.plan))
            if after != before:
                after.save(self.plan, transaction)

        self._state.transact(move)
        if self._outbox:
            self._outbox.deliver()

    def _require_own_process(self) -> None:
        if os.getpid() != self._pid:
            raise StoreError(
                f"this writer belongs to process {self._pid}, and this process is a fork of it: "
                "both would count the same events. Make another writer after the fork."
            )

    def _write_input(
        self,
        source: Source,
        item: Input,
        report: WriteReport,
        on_progress: OnProgress,
    ) -> None:
        on_progress(item, 0.0, report)
        name = self._known.position_name(source, item.uri)
        beginning = item.beginning(source)
        stored = self._state.get(name) if item.uri else None
        with reading_document(name):
            begin = Position.from_bytes(stored) if stored else Position(item.uri)
        for batch in item.batches(source, begin):
            position = replace(batch.position, beginning=beginning)

            def keep_position(
                transaction: Transaction,
                usable: int,
                before: bytes | None = stored,
                after: Position = position,
            ) -> None:
                # While tiles hold nothing of a file it may be corrected, so it has no position.
                if not item.uri or (before is None and not usable):
                    return
                self._move_position(transaction, name, before, after.to_bytes())
                self._known.remember(transaction, source, after)

            events = report.events
            self._write_batch(source.name, item, batch, report, keep_position)
            if stored is not None or report.events > events:
                stored = position.to_bytes()
            on_progress(item, batch.progress, report)

    def _move_position(
        self, transaction: Transaction, name: str, before: bytes | None, after: bytes
    ) -> None:
        """Moves a position on from where the batch began.

        Raises StoreError if another writer has moved it meanwhile: its events are these.
        """
        if transaction.get(name) != before:
            raise StoreError(
                f"store {self._state.url}: another writer wrote the same input meanwhile, so this "
                "batch was not added. Write it again, one writer after the other: what is there "
                "is passed over."
            )
        transaction.put(name, after)

    def _write_batch(
        self,
        source: str,
        item: Input,
        batch: Batch,
        report: WriteReport,
        keep_position: Callable[[Transaction, int], None],
    ) -> None:
        lateness = self._lateness(source)
        loaded = self._aggregator.load(source, batch.table, self._latest_ms(), lateness)
        refused = self._rejects.rows_of(batch, loaded.refused)
        self._rejects.keep(item, refused)
        late = [row for row in refused if row.reason == self.plan.late.too_late]
        self._late.keep(item, late)

        def move(progress: Progress) -> Progress:
            if lateness is None:
                return progress
            return progress.moved_stream(source, lateness.after(loaded.newest_ms))

        levels = [loaded.tiles(level.size_ms) for level in self.plan.levels]
        if (chunks := loaded.event_chunks()) is not None:
            levels.append(chunks)

        def commit(transaction: Transaction) -> None:
            self._merge(transaction, levels, loaded.usable, move)
            keep_position(transaction, loaded.usable)

        self._state.transact(commit)
        if self._outbox:
            self._outbox.deliver()
        report.rows += len(batch.table) + len(batch.malformed)
        report.events += loaded.usable
        report.filtered += loaded.filtered
        report.refused.update(row.reason for row in refused)
        for tiles in levels:
            if tiles.keys.kind == EVENTS:
                report.chunks += len(tiles.block)
            else:
                report.tiles[tiles.keys.size_ms] += len(tiles.block)

    def _lateness(self, source: str) -> Lateness | None:
        """How late the events of a source are, if it is a stream."""
        if not self._is_stream:
            return None
        progress = Progress.load(self.plan, self._state.get)
        return Lateness.of(self.plan, progress.streams.get(source))

    def _latest_ms(self) -> int:
        """The latest time that an event may have."""
        return LATEST_MS if self._replay else self._clock() + self.plan.late.max_ahead_ms

    def add_tiles(self, levels: Sequence[LevelTiles], stream: str, batch: int) -> bool:
        """Add tiles of every level from another engine.

        The engine made them of a batch of a stream. Returns whether they were new. Batches are
        numbered upwards. One that was added before is passed over, so a replay changes nothing.
        Raises StoreError if the tiles in the store are of another stream: its events may be among
        these.
        """
        name = f"stream/{self.plan.name}"

        def commit(transaction: Transaction) -> bool:
            with reading_document(name):
                last = json.loads(transaction.get(name) or "null") or {}
                last_stream, last_batch = last.get("stream", stream), int(last.get("batch", -1))
            if last_stream != stream:
                raise StoreError(
                    f"store {self._state.url}: the tiles of {self.plan.name} were written by the "
                    f"stream {last_stream}, and this one is {stream}, which would count again "
                    "what both have read. Go on from the other's checkpoint, or write to a new "
                    "store."
                )
            if batch <= last_batch:
                return False
            events = int(levels[-1].block.rows[:, SEQUENCE].sum()) if levels else 0
            self._merge(transaction, levels, events, self._to_head)
            transaction.put(name, json.dumps({"stream": stream, "batch": batch}).encode())
            return True

        added = self._state.transact(commit)
        if self._outbox:
            self._outbox.deliver()
        return added

    def _to_head(self, progress: Progress) -> Progress:
        return progress.moved(progress.head_ms(self.plan))

    def _merge(
        self,
        transaction: Transaction,
        levels: Sequence[LevelTiles],
        events: int,
        move: Move,
    ) -> None:
        before, after = self._merger.merge(transaction, levels, events, move)
        if self._outbox:
            self._outbox.add(transaction, before, after, [tiles.keys for tiles in levels])


def _silent(item: Input, part: float, report: WriteReport) -> None:
    """Tell nobody how far a write is."""


def _where_tiles_are_merged(store: Store, state: Store | None) -> TransactionalStore:
    if isinstance(store, TransactionalStore):
        if state is not None:
            raise StoreError(
                f"store {store.url} merges tiles and keeps positions itself, so it needs no "
                "state. Leave --state out."
            )
        return store
    if not isinstance(state, TransactionalStore):
        raise StoreError(
            f"store {store.url} takes whole tiles only. Name a folder in which they are merged, "
            "and where the positions of their sources are kept, with --state DIR (in Python: "
            "state=open_store('lmdb:DIR'))."
        )
    if not isinstance(store, CheckedStore):
        raise StoreError(
            f"store {store.url} takes whole tiles only, and cannot say what it has lost of them. "
            "Whoever wrote it adds the methods of CheckedStore; until then only streams and loads "
            "of history can fill it."
        )
    return state
