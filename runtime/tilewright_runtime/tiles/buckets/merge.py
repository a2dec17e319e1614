"""How tables of bucket values merge.

Small records of equal values in a tile become one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...states.fields import Bytes
from ..block import Block, merge_blocks, merge_runs
from ..layout import Layout
from .codec import TableCodec
from .values import Table, distinct_of

_Reduce = Callable[[Block, NDArray[np.int64]], Block]


class TableMerge:
    """Merges the tables of one bucket column."""

    def __init__(self, layout: Layout, codec: TableCodec) -> None:
        self._layout = layout
        self._codec = codec
        # The text of a first or last value is chosen when its time is; all others are merged.
        texts = [state.text for state in layout.joint_states]
        self.chosen = frozenset(text for text in texts if text is not None)

    def merge(
        self, parts: Sequence[bytes], tiles: Sequence[int]
    ) -> tuple[Table, NDArray[np.int64]]:
        """Merge tables; those of one tile become one.

        Returns them as one table, and the tile of each of its values.
        """
        return self._merge(parts, tiles, self._reduce)

    def merge_run(self, parts: Sequence[bytes]) -> Table:
        """Merge the tables of neighbouring tiles, oldest first.

        No two of them share time.
        """
        table, _ = self._merge(parts, [0] * len(parts), self._reduce_run)
        return table

    def _merge(
        self, parts: Sequence[bytes], tiles: Sequence[int], reduce: _Reduce
    ) -> tuple[Table, NDArray[np.int64]]:
        values, block, sizes = self._codec.decode(parts)
        distinct, indices = distinct_of(values)
        groups = np.repeat(np.array(tiles, dtype=np.int64), sizes) * len(distinct) + indices
        order = np.argsort(groups, kind="stable")
        block, groups = block.take(order), groups[order]
        firsts = np.flatnonzero(np.diff(groups, prepend=-1))
        bounds = list(pairwise([*firsts.tolist(), len(groups)]))
        merged: dict[str, list[list[bytes]]] = {}
        for name in block.variable:
            if name not in self.chosen:
                listed = block.listed(name)
                merged[name] = [present(listed[begin:end]) for begin, end in bounds]
        texts = {name: block.variable[name] for name in self.chosen}
        reduced = reduce(Block(block.rows, texts), np.diff(firsts, append=len(groups)))
        for name, column in reduced.variable.items():
            merged[name] = [present([text]) for text in column]
        table = Table(distinct[groups[firsts] % len(distinct)], reduced.rows, merged)
        return table, groups[firsts] // len(distinct)

    def _reduce_run(self, block: Block, sizes: NDArray[np.int64]) -> Block:
        """Merge all runs of rows at once."""
        return merge_runs(self._layout, {}, block, np.cumsum(sizes) - sizes)

    def _reduce(self, block: Block, sizes: NDArray[np.int64]) -> Block:
        """Merge each run of rows to one row.

        Neighbours are merged in pairs, in all runs at once, until one is left.
        """
        index = np.arange(len(block)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        last = np.repeat(sizes, sizes) - 1
        while len(block) > len(sizes):
            even = np.flatnonzero(index % 2 == 0)
            left = even[index[even] < last[even]]
            both = merge_blocks(self._layout, {}, block.take(left), block.take(left + 1))
            block = block.take(even)
            block.put(np.searchsorted(even, left), both)
            index, last = index[even] // 2, last[even] // 2
        return block


def present(parts: Sequence[Bytes]) -> list[bytes]:
    """Drop what is missing."""
    return [part for part in parts if part is not None]
