"""The field that holds the table of a bucket column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.layout import BucketLayout
from tilewright_compiler.plan.model import Plan

from ...states.exact_values import dtype_of
from ...states.fields import Bytes, FieldCodec
from ..block import Block
from ..kernel_layout import native_program
from ..layout import bucket_field, layout_of
from .codec import TableCodec
from .merge import TableMerge, present
from .read import Bucket, TableReader
from .values import Table, Values, distinct_of

if TYPE_CHECKING:
    from fractions import Fraction


class BucketTables(FieldCodec):
    """Makes, merges and reads the tables of one bucket column."""

    def __init__(self, plan: Plan, bucket: BucketLayout) -> None:
        self.column, self.type = bucket.column, bucket.type
        self._dtype = dtype_of(bucket.type)
        self.layout = layout_of(plan, bucket)
        self._codec = TableCodec(self.layout, self._dtype)
        self._merge = TableMerge(self.layout, self._codec)
        self._reader = TableReader(self.layout, self._merge.chosen)
        self._native = self._native_program()

    def _native_program(self) -> Any | None:
        """Prepare the kernel, if it reads these tables.

        It knows neither texts that go with numbers, nor moments as numpy merges those of many
        values at once, nor which doubles are the same value.
        """
        if self._dtype == "<f8":
            return None
        for state in self.layout.joint_states:
            if state.kernel_merge is None or state.kernel_merge.kind == "moments":
                return None
        return native_program(self.layout, 0, ())

    def build(
        self, values: Values, block: Block, tiles: NDArray[np.int64], count: int
    ) -> list[Bytes]:
        """Make the tables of `count` tiles.

        They come as rows in any order: the value, the small record and the tile's number of each.
        """
        _, indices = distinct_of(values)
        order = np.lexsort((indices, tiles))
        chosen = block.take(order)
        parts: dict[str, list[list[bytes]]] = {}
        for name, column in chosen.variable.items():
            parts[name] = [present([part]) for part in column]
        tables: list[Bytes] = [None] * count
        table = Table(values[order], chosen.rows, parts)
        for tile, encoded in self._codec.encode(table, tiles[order]):
            tables[tile] = encoded
        return tables

    def merge(self, parts: Sequence[bytes], /) -> Table:
        """Merge the tables of some tiles."""
        table, _ = self._merge.merge(parts, [0] * len(parts))
        return table

    def encode(self, merged: Table, /) -> bytes:
        """Encode one table."""
        tiles = np.zeros(len(merged.values), dtype=np.int64)
        ((_, encoded),) = self._codec.encode(merged, tiles)
        return encoded

    def merge_pairs(self, older: Sequence[Bytes], newer: Sequence[Bytes], /) -> list[Bytes]:
        """Merge each tile's table with its partner's.

        The partner stands at the same index; all are merged at once.
        """
        merged = [new if old is None else old for old, new in zip(older, newer, strict=True)]
        parts: list[bytes] = []
        tiles: list[int] = []
        for i, (old, new) in enumerate(zip(older, newer, strict=True)):
            if old is not None and new is not None:
                parts += [old, new]
                tiles += [i, i]
        if parts:
            for tile, encoded in self._codec.encode(*self._merge.merge(parts, tiles)):
                merged[tile] = encoded
        return merged

    def read(self, parts: Sequence[bytes]) -> list[Bucket]:
        """Return the merged states of each value in some tables.

        They are those of neighbouring tiles, oldest first.
        """
        if self._native is not None:
            values = self._native.merge_tables(parts, self._dtype == "object")
            if values is not None:
                return [self._reader.bucket(*value) for value in values]
        return self._reader.read(self._merge.merge_run(list(parts))) if parts else []

    def read_parts(
        self, runs: Sequence[Sequence[bytes]], fractions: Sequence[Fraction | int]
    ) -> list[Bucket]:
        """Add up each value's sums over parts of tiles.

        Each run of tiles has the part of it that counts.
        """
        pairs = zip(runs, fractions, strict=True)
        return self._reader.read_parts(
            [(self._merge.merge_run(run), part) for run, part in pairs if run]
        )


def buckets_of(plan: Plan) -> dict[str, BucketTables]:
    """Make a plan's bucket tables, by field of the record."""
    return {
        bucket_field(bucket.column): BucketTables(plan, bucket)
        for bucket in plan.tile_layout.buckets
    }
