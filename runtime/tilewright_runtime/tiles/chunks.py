"""Raw events that a plan keeps, in chunks of columns.

A chunk holds the events of one key in [start, start + size). Its record stands among the tiles of
the key. It is like that of a tile without numbers and with one field of changing length, the
events. They are ordered by time and then by their values, and written as a record batch message of
Arrow's IPC format without its schema, which the plan gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tilewright_compiler.plan.model import EventLog, Plan
from tilewright_compiler.plan.types import element, family

from ..states.fields import Bytes, FieldCodec
from ..times import EARLIEST_MS, LATEST_MS
from .block import Block
from .header import HEADER_WORDS, NEWEST, SEQUENCE, START
from .keys import EVENTS, Range, TileKeys
from .layout import Layout, Variable
from .records import Names, RecordCodec
from .rows import LevelTiles, TileRows

_FIELD = "events"
_ARROW = {"float": pa.float64(), "text": pa.string()}


class _EventBatches(FieldCodec):
    """The field of a chunk that holds its events."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema

    def parse(self, part: bytes) -> pa.RecordBatch:
        """Decode the events of one chunk."""
        return pa.ipc.read_record_batch(pa.py_buffer(part), self._schema)

    def merge(self, parts: Sequence[bytes], /) -> pa.RecordBatch:
        """Merge the events of some chunks, in order."""
        table = pa.Table.from_batches(map(self.parse, parts), self._schema)
        return _batch(table.take(_order(table, self._schema.names)))

    def encode(self, merged: pa.RecordBatch, /) -> bytes:
        """Encode events as a message without its schema."""
        return merged.serialize().to_pybytes()  # type: ignore[no-any-return]


class EventChunks:
    """The schema, records and merge of a plan's chunks."""

    def __init__(self, plan: Plan, events: EventLog) -> None:
        self.size_ms = events.size_ms
        self.schema = pa.schema([(column.name, _arrow(column.type)) for column in events.columns])
        self.layout = Layout(
            words=HEADER_WORDS + 1,
            names={},
            dtypes={},
            slabs=(),
            states={},
            variable=(Variable(_FIELD, _FIELD, HEADER_WORDS),),
            limbs=(),
            fingerprint=int(plan.storage_fingerprint, 16),
            record_version=plan.tile_layout.record_version,
            compression=plan.tile_layout.compression,
        )
        self.codec = RecordCodec(self.layout)
        self._events = _EventBatches(self.schema)
        self.codecs = {_FIELD: self._events}
        self._table = plan.name

    def level(self, table: pa.Table, rows: TileRows) -> LevelTiles:
        """Make the chunks of a table of events.

        The table has the columns `key:{name}` and those of the plan's event log; `rows` knows the
        entities.
        """
        entities, indices = rows.entity_texts(table)
        events = table.select(self.schema.names).cast(self.schema)
        events = events.append_column("__entity", pa.array(indices))
        events = events.take(_order(events, ["__entity", *self.schema.names]))
        times, entity = events["__ts"].to_numpy(), events["__entity"].to_numpy()
        starts = times - times % self.size_ms
        bounds = _bounds(entity, starts)
        firsts, ends = bounds[:-1], bounds[1:]
        words = np.zeros((len(firsts), self.layout.words), dtype=np.int64)
        words[:, SEQUENCE] = ends - firsts
        words[:, NEWEST] = times[ends - 1]
        words[:, START] = starts[firsts]
        keys = TileKeys(
            self._table,
            self.size_ms,
            entities,
            entity[firsts].tolist(),
            starts[firsts].tolist(),
            EVENTS,
        )
        encoded = self._encode(_batch(events.select(self.schema.names)), bounds)
        return LevelTiles(keys, Block(words, {_FIELD: encoded}))

    def read(self, records: Sequence[bytes], entity: str, names: Names) -> pa.RecordBatch:
        """Read the events of some chunks of one entity.

        Chunks and events are oldest first. Raises CorruptRecordError for a damaged or misplaced
        chunk.
        """
        identity = self.codec.identities.one(self._table, entity, self.size_ms, EVENTS)
        rows = self.codec.decode(records, [identity] * len(records), names)
        everything = Range(self.size_ms, EARLIEST_MS - self.size_ms, LATEST_MS, EVENTS)
        self.codec.require_within(rows, 0, len(rows), everything, names)
        parts = [
            self.codec.variable(record, row)[0] or b""
            for record, row in zip(records, rows, strict=True)
        ]
        return _batch(pa.Table.from_batches(map(self._events.parse, parts), self.schema))

    def _encode(self, batch: pa.RecordBatch, bounds: NDArray[np.intp]) -> list[Bytes]:
        encoded: list[Bytes] = []
        for begin, end in pairwise(bounds.tolist()):
            # Taken and not sliced: of a slice Arrow would write some of what lies beside it.
            chunk = batch.take(pa.array(range(begin, end), pa.int64()))
            encoded.append(self._events.encode(chunk))
        return encoded


def _bounds(entity: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.intp]:
    """Find where each chunk begins and the last ends."""
    is_new = np.diff(entity, prepend=-1, append=-1).astype(bool)
    is_new |= np.diff(starts, prepend=-1, append=-1).astype(bool)
    bounds: NDArray[np.intp] = np.flatnonzero(is_new)
    # Without events there is one boundary and no chunk.
    return bounds if len(bounds) else np.zeros(1, dtype=np.intp)


def _arrow(duckdb_type: str) -> pa.DataType:
    """Choose the Arrow type that keeps values of a type.

    A list keeps its elements so.
    """
    physical = _ARROW.get(family(element(duckdb_type)) or "", pa.int64())
    return pa.list_(physical) if duckdb_type.endswith("[]") else physical


def _order(table: pa.Table, names: Sequence[str]) -> pa.Array:
    # Arrow cannot compare lists. Events that differ in nothing else keep the order of arrival.
    keys = []
    for name in names:
        if not pa.types.is_list(table.schema.field(name).type):
            keys.append((name, "ascending"))
    return pc.sort_indices(table, sort_keys=keys)


def _batch(table: pa.Table) -> pa.RecordBatch:
    """Combine a table into one batch."""
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], table.schema)
