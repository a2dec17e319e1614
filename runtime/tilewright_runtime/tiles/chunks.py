"""The raw events that a plan keeps: chunks of columns, as records that stand among the tiles of
their key.

A chunk holds the events of one key in [start, start + size). Its record is that of a tile without
numbers and with one field of changing length: the events, ordered by time and then by their values,
as a record batch message of Arrow's IPC format without its schema, which the plan gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
    """The chunks of one plan: their schema, their records, and how two chunks merge."""

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
        """The chunks of a table with the columns `key:{name}` and those of the plan's event log;
        `rows` knows the entities.
        """
        entities, places = rows.entity_texts(table)
        events = (
            table.select(self.schema.names)
            .cast(self.schema)
            .append_column("__entity", pa.array(places))
        )
        events = events.take(_order(events, ["__entity", *self.schema.names]))
        times, entity = events["__ts"].to_numpy(), events["__entity"].to_numpy()
        starts = times - times % self.size_ms
        bounds = np.flatnonzero(
            np.diff(entity, prepend=-1, append=-1).astype(bool)
            | np.diff(starts, prepend=-1, append=-1).astype(bool)
        )
        if not len(bounds):  # no event is left of the batch: one boundary and no chunk
            bounds = np.zeros(1, dtype=np.intp)
        firsts, ends = bounds[:-1], bounds[1:]
        made = np.zeros((len(firsts), self.layout.words), dtype=np.int64)
        made[:, SEQUENCE], made[:, NEWEST], made[:, START] = (
            ends - firsts,
            times[ends - 1],
            starts[firsts],
        )
        keys = TileKeys(
            self._table,
            self.size_ms,
            entities,
            entity[firsts].tolist(),
            starts[firsts].tolist(),
            EVENTS,
        )
        values = _batch(events.select(self.schema.names)).to_struct_array()
        return LevelTiles(
            keys,
            Block(
                made,
                {
                    _FIELD: self._build(
                        pa.ListArray.from_arrays(pa.array(bounds.astype(np.int32)), values)
                    )
                },
            ),
        )

    def read(self, records: Sequence[bytes], entity: str, names: Names) -> pa.RecordBatch:
        """Reads the events of some chunks of one entity, both oldest first.

        Raises CorruptRecordError for a damaged or misplaced one.
        """
        identity = self.codec.identity(self._table, entity, self.size_ms, EVENTS)
        rows = self.codec.decode(records, [identity] * len(records), names)
        everything = Range(self.size_ms, EARLIEST_MS - self.size_ms, LATEST_MS, EVENTS)
        self.codec.require_within(rows, 0, len(rows), everything, names)
        parts = [
            self.codec.variable(record, row)[0] or b""
            for record, row in zip(records, rows, strict=True)
        ]
        return _batch(pa.Table.from_batches(map(self._events.parse, parts), self.schema))

    def _build(self, column: pa.Array) -> list[Bytes]:
        bounds = column.offsets.to_numpy().tolist()
        batch = pa.RecordBatch.from_struct_array(column.values)
        # Taken and not sliced: of a slice Arrow would write some of what lies beside it.
        return [
            self._events.encode(batch.take(pa.array(range(begin, end), pa.int64())))
            for begin, end in pairwise(bounds)
        ]


def _arrow(duckdb_type: str) -> pa.DataType:
    """How the values of a type are kept: lists of what their elements are kept as."""
    kept = _ARROW.get(family(element(duckdb_type)) or "", pa.int64())
    return pa.list_(kept) if duckdb_type.endswith("[]") else kept


def _order(table: pa.Table, names: Sequence[str]) -> pa.Array:
    # Arrow cannot compare lists: events that differ in nothing else keep the order that they came
    # in.
    keys = [
        (name, "ascending") for name in names if not pa.types.is_list(table.schema.field(name).type)
    ]
    return pc.sort_indices(table, sort_keys=keys)


def _batch(table: pa.Table) -> pa.RecordBatch:
    """A table as one batch."""
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], table.schema)
