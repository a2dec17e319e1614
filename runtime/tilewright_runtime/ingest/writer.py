"""The writer: events into tiles of every level, committed together with the positions of their
sources.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Plan

from ..errors import InputError, StoreError
from ..readers import Batch, Input, Malformed, Position, inputs_of
from ..states.fields import VariableKind
from ..stores import Store, Transaction, TransactionalStore
from ..stores.ownership import register_plan, require_no_stream
from ..stores.progress import Progress
from ..tiles.block import COMPLETE, Block, merge_blocks
from ..tiles.chunks import EventChunks
from ..tiles.keys import EVENTS, tile_key
from ..tiles.layout import NEWEST, SEQUENCE, STAMP, START, Layout
from ..tiles.records import RecordCodec
from ..tiles.rows import LevelTiles
from .aggregation import Aggregator, Refused, source_of
from .outbox import Outbox


@dataclass
class WriteReport:
    """What a write did: rows by what became of them, and how many records it put."""

    rows: int = 0
    events: int = 0
    filtered: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    tiles: Counter[int] = field(default_factory=Counter)
    """Tiles by size."""
    chunks: int = 0
    """Chunks of raw events."""
    waiting: dict[str, int] = field(default_factory=dict)
    """Bytes at the end of an input that are not yet a whole record; they are read when they are, or
    by `final`.
    """
    errors: list[InputError] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether the write was of use: something was read without a complaint, or nothing was
        there to complain of.
        """
        return not self.errors and (self.events + self.filtered > 0 or not self.refused)


class Form(NamedTuple):
    """How the records of a level merge, and how they are written."""

    layout: Layout
    kinds: Mapping[str, VariableKind]
    codec: RecordCodec


def _chunk_form(chunks: EventChunks | None) -> Form | None:
    return None if chunks is None else Form(chunks.layout, chunks.kinds, chunks.codec)


OnBatch = Callable[[Input, Batch, WriteReport], None]


class Writer:
    """Writes the events of one plan into one store.

    A store without transactions, such as Redis, gets whole tiles; `state` is then the embedded
    store in which they are merged and which keeps the positions of their sources. What a store has
    not acknowledged is put by the next writer with that state. `rejects` is an open text file that
    gets one JSON object a line for every row that cannot be used.
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
    ) -> None:
        self.plan = plan
        self.store = store
        self._state = _where_tiles_are_merged(store, state)
        self._rejects = rejects
        self._aggregator = Aggregator(
            plan, min(store.max_entity_bytes, self._state.max_entity_bytes)
        )
        rows = self._aggregator.rows
        self._tiles = Form(rows.layout, rows.kinds, RecordCodec(rows.layout))
        self._chunks = _chunk_form(self._aggregator.chunks)
        register_plan(plan, self._state)
        require_no_stream(plan, self._state)
        self._delivery = None
        if self._state is not store:
            register_plan(plan, store)
            self._delivery = Outbox(plan, self._state, store)
            self._delivery.begin()

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
        """Ends the session; the store stays open."""
        self._aggregator.close()

    def write(
        self,
        events: Any,
        source: str | None = None,
        position: str | None = None,
        final: bool = False,
    ) -> WriteReport:
        """Adds events to the tiles and returns what became of them.

        `events` is a path, a glob or a list of them, or anything that Arrow can stream (a pyarrow
        or polars table, a pandas frame), or a list of dictionaries. A file is read on from where
        the last write of it ended, so writing it again adds nothing. A table is added each time,
        unless `position` names it. `final` says that an unterminated last line is whole. Raises
        InputError if nothing can be read; what was committed before stays.
        """
        report = self.write_inputs(inputs_of(events, position), source, final)
        if report.errors:
            raise report.errors[0]
        return report

    def write_inputs(
        self,
        inputs: Sequence[Input],
        source: str | None = None,
        final: bool = False,
        on_batch: OnBatch | None = None,
    ) -> WriteReport:
        """Writes one input after the other; one that cannot be read ends up in `errors` and does
        not stop the rest.
        """
        chosen = source_of(self.plan, source)
        report = WriteReport()
        for item in inputs:
            try:
                for batch in item.batches(chosen.columns, self._position(chosen.name, item), final):
                    if batch.waiting:
                        report.waiting[item.name] = batch.waiting
                        continue
                    self._write_batch(chosen.name, item, batch, report)
                    if on_batch:
                        on_batch(item, batch, report)
            except InputError as error:
                report.errors.append(error)
        return report

    def _position(self, source: str, item: Input) -> Position:
        found = self._state.get(self._position_name(source, item.uri)) if item.uri else None
        return Position.from_bytes(found) if found else Position(item.uri)

    def _position_name(self, source: str, uri: str) -> str:
        return f"position/{self.plan.name}/{source}/{uri}"

    def _write_batch(self, source: str, item: Input, batch: Batch, report: WriteReport) -> None:
        loaded = self._aggregator.load(source, batch.table)
        refused = self._with_texts(batch, loaded.refused)
        self._keep_rejects(item, refused)
        levels = [(loaded.tiles(level.size_ms), self._tiles) for level in self.plan.levels]
        chunks = loaded.event_chunks()
        if chunks is not None and self._chunks is not None:
            levels.append((chunks, self._chunks))
        events = loaded.usable

        def commit(transaction: Transaction) -> None:
            self._merge(transaction, levels, events)
            if item.uri:
                transaction.put(self._position_name(source, item.uri), batch.position.to_bytes())

        self._state.transact(commit)
        if self._delivery:
            self._delivery.deliver()
        report.rows += len(batch.table) + len(batch.malformed)
        report.events += events
        report.filtered += loaded.filtered
        report.refused.update(row.reason for row in refused)
        for tiles, _ in levels:
            if tiles.keys.kind == EVENTS:
                report.chunks += len(tiles.block)
            else:
                report.tiles[tiles.keys.size_ms] += len(tiles.block)

    def add_tiles(self, levels: Sequence[LevelTiles], stream: str, batch: int) -> bool:
        """Adds tiles of every level that another engine made of a batch of a stream; returns
        whether they were new.

        Batches are numbered upwards. One that was added before is passed over, so a replay changes
        nothing. Raises StoreError if the tiles in the store are of another stream: its events may
        be among these.
        """
        name = f"stream/{self.plan.name}"

        def commit(transaction: Transaction) -> bool:
            found = json.loads(transaction.get(name) or "null") or {"stream": stream, "batch": -1}
            if found["stream"] != stream:
                raise StoreError(
                    f"store {self._state.url}: the tiles of {self.plan.name} were written by the "
                    f"stream {found['stream']}, and this one is "
                    f"{stream}, which would count again what both have read. Go on from the "
                    "other's checkpoint, or write to a new store."
                )
            if batch <= found["batch"]:
                return False
            self._merge(
                transaction,
                [(tiles, self._tiles) for tiles in levels],
                int(levels[-1].block.rows[:, SEQUENCE].sum()) if levels else 0,
            )
            transaction.put(name, json.dumps({"stream": stream, "batch": batch}).encode())
            return True

        added = self._state.transact(commit)
        if self._delivery:
            self._delivery.deliver()
        return added

    def _merge(
        self, transaction: Transaction, levels: Sequence[tuple[LevelTiles, Form]], events: int
    ) -> None:
        newest = max(
            (int(tiles.block.rows[:, NEWEST].max()) for tiles, _ in levels if len(tiles.block)),
            default=None,
        )
        before = Progress.load(self.plan, transaction.get)
        progress = before.after(newest, events)
        for tiles, form in levels:
            self._merge_level(
                transaction, tiles, form, before.newest_ms, progress.watermark_ms(self.plan)
            )
        progress.save(self.plan, transaction)
        if self._delivery:
            self._delivery.note(transaction, before, progress, [tiles.keys for tiles, _ in levels])

    def _merge_level(
        self,
        transaction: Transaction,
        tiles: LevelTiles,
        form: Form,
        newest_ms: int | None,
        watermark_ms: int | None,
    ) -> None:
        """Merges new tiles with those that the store has, and puts them.

        Those that begin after the newest event before this batch cannot be in the store, so they
        are not looked up.
        """
        merged = Block(
            tiles.block.rows.copy(),
            {name: list(values) for name, values in tiles.block.variable.items()},
        )
        if newest_ms is not None:
            self._merge_stored(
                transaction,
                tiles,
                form,
                merged,
                np.flatnonzero(tiles.block.rows[:, START] <= newest_ms),
            )
        if watermark_ms is not None:
            ended = merged.rows[:, START] + (tiles.keys.size_ms - 1) <= watermark_ms
            merged.rows[:, STAMP] |= np.where(ended, COMPLETE, 0)
        transaction.put_tiles(tiles.keys, form.codec.encode(merged))

    def _merge_stored(
        self,
        transaction: Transaction,
        tiles: LevelTiles,
        form: Form,
        merged: Block,
        candidates: NDArray[np.intp],
    ) -> None:
        stored = transaction.get_tiles(tiles.keys.take(candidates))
        found = np.array([record is not None for record in stored], dtype=bool)
        places = candidates[found]
        if not len(places):
            return
        records = [record for record in stored if record is not None]
        older = form.codec.decode_block(records, lambda i: self._name(tiles, int(places[i])))
        both = merge_blocks(form.layout, form.kinds, older, tiles.block.take(places))
        merged.put(places, both)

    def _name(self, tiles: LevelTiles, i: int) -> str:
        keys = tiles.keys
        entity, start_ms = keys.entities[keys.entity[i]], keys.starts_ms[i]
        key = tile_key(keys.table, entity, keys.size_ms, start_ms, keys.kind)
        return f"store {self._state.url}, tile {key}"

    def _with_texts(self, batch: Batch, refused: Sequence[Refused]) -> list[Malformed]:
        """Gives the rows of a batch that cannot be used, with their texts."""
        if not refused:
            return batch.malformed
        rows = batch.table["__row"].to_numpy()
        places = np.searchsorted(rows, [row.row for row in refused])
        texts = (
            batch.table.drop_columns(["__row"]).take(pa.array(places)).to_pylist()
            if self._rejects
            else [{}] * len(refused)
        )
        return batch.malformed + [
            Malformed(row.row, row.reason, json.dumps(text, default=str, ensure_ascii=False))
            for row, text in zip(refused, texts, strict=True)
        ]

    def _keep_rejects(self, item: Input, refused: Sequence[Malformed]) -> None:
        # Before the commit: after a kill between the two, a row is listed twice rather than not at
        # all.
        if self._rejects and refused:
            for row in refused:
                line = {
                    "input": item.name,
                    "row": row.row,
                    "reason": row.reason,
                    "content": row.text,
                }
                self._rejects.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._rejects.flush()
            os.fsync(self._rejects.fileno())


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
            "and where the positions of their sources "
            "are kept, with --state DIR (in Python: state=open_store('lmdb:DIR'))."
        )
    return state
