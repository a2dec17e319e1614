"""Finer tiles, kept in memory while coarser ones change.

So coarser tiles are merged without reading the finer ones again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..tiles.block import Block
from ..tiles.header import SEQUENCE
from ..tiles.keys import TileKeys
from ..tiles.layout import Layout
from ..tiles.rows import LevelTiles

#: Memory for the tiles of one level; a field of changing length is taken to have a kilobyte.
_MEMORY_BYTES = 256 << 20
_FIELD_BYTES = 1 << 10
#: Tiles that are asked of a store at once.
_ASKED_TILES = 1 << 16


class OpenTiles:
    """One level's tiles, by the next coarser tile around them.

    Of a coarser tile either all finer ones are known or none. The oldest are forgotten when there
    are too many.
    """

    def __init__(self, layout: Layout, size_ms: int, coarser_ms: int) -> None:
        self.size_ms = size_ms
        self.coarser_ms = coarser_ms
        self._parts = coarser_ms // size_ms
        self._most = max(
            1, _MEMORY_BYTES // (layout.fixed_bytes + _FIELD_BYTES * len(layout.variable))
        )
        self._words = layout.words
        self._fields = [field.name for field in layout.variable]
        self.clear()

    def clear(self) -> None:
        """Forgets all tiles."""
        #: The number of each coarser tile; a tile's code is that times the parts of one, plus its
        #: own place in it.
        self._numbers: dict[tuple[str, int], int] = {}
        self._codes = np.empty(0, dtype=np.int64)
        self._rows = np.empty((0, self._words), dtype=np.int64)
        self._variable = {name: np.empty(0, dtype=object) for name in self._fields}

    def touched(self, keys: TileKeys) -> TileKeys:
        """Find the coarser tiles around some tiles.

        Both are ordered by entity and start.
        """
        starts = np.asarray(keys.starts_ms, dtype=np.int64) // self.coarser_ms * self.coarser_ms
        pairs = np.column_stack([np.asarray(keys.entity, dtype=np.int64), starts])
        coarser = np.unique(pairs, axis=0)
        return keys.copied(
            size_ms=self.coarser_ms,
            entity=coarser[:, 0].tolist(),
            starts_ms=coarser[:, 1].tolist(),
        )

    def unknown(self, coarser: TileKeys) -> Iterator[TileKeys]:
        """List all tiles inside those coarser tiles that are unknown.

        They come some ten thousand at a time.
        """
        names = enumerate(_names(coarser))
        unknown = [i for i, name in names if name not in self._numbers]
        indices = np.array(unknown, dtype=np.int64)
        at_once = max(1, _ASKED_TILES // self._parts)
        for begin in range(0, len(indices), at_once):
            inside = coarser.take(indices[begin : begin + at_once])
            starts = np.repeat(np.asarray(inside.starts_ms, dtype=np.int64), self._parts)
            starts += np.tile(
                np.arange(self._parts, dtype=np.int64) * self.size_ms, len(inside.starts_ms)
            )
            entity = np.repeat(np.asarray(inside.entity, dtype=np.int64), self._parts)
            yield inside.copied(
                size_ms=self.size_ms, entity=entity.tolist(), starts_ms=starts.tolist()
            )

    def keep(self, tiles: LevelTiles) -> None:
        """Take tiles with more events than those they replace.

        The coarser tiles around them are known from then on.
        """
        starts = np.asarray(tiles.keys.starts_ms, dtype=np.int64)
        coarser = tiles.keys.copied(
            starts_ms=(starts // self.coarser_ms * self.coarser_ms).tolist()
        )
        codes = self._numbers_of(coarser) * self._parts + starts % self.coarser_ms // self.size_ms
        at = np.searchsorted(self._codes, codes)
        is_there = at < len(self._codes)
        is_there[is_there] = self._codes[at[is_there]] == codes[is_there]
        is_newer = is_there.copy()
        is_newer[is_there] = (
            tiles.block.rows[is_there, SEQUENCE] > self._rows[at[is_there], SEQUENCE]
        )
        self._rows[at[is_newer]] = tiles.block.rows[is_newer]
        new = np.flatnonzero(~is_there)
        new = new[np.argsort(codes[new])]
        self._codes = np.insert(self._codes, at[new], codes[new])
        self._rows = np.insert(self._rows, at[new], tiles.block.rows[new], axis=0)
        for name, stored in self._variable.items():
            values = _objects(tiles.block.listed(name))
            stored[at[is_newer]] = values[is_newer]
            self._variable[name] = np.insert(stored, at[new], values[new])

    def inside(self, coarser: TileKeys) -> LevelTiles:
        """Give the tiles inside some coarser tiles.

        They are ordered by entity and start.
        """
        first = self._numbers_of(coarser) * self._parts
        begins, ends = (
            np.searchsorted(self._codes, first),
            np.searchsorted(self._codes, first + self._parts),
        )
        counts = ends - begins
        at = np.repeat(begins - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        entity = np.repeat(np.asarray(coarser.entity, dtype=np.int64), counts)
        starts = (
            np.repeat(np.asarray(coarser.starts_ms, dtype=np.int64), counts)
            + self._codes[at] % self._parts * self.size_ms
        )
        keys = coarser.copied(
            size_ms=self.size_ms, entity=entity.tolist(), starts_ms=starts.tolist()
        )
        return LevelTiles(
            keys,
            Block(
                self._rows[at],
                {name: stored[at].tolist() for name, stored in self._variable.items()},
            ),
        )

    def forget(self) -> None:
        """Forget older coarser tiles if there are too many.

        Late events are rare, and what they change is read again.
        """
        if len(self._codes) <= self._most:
            return
        held = np.bincount(self._codes // self._parts, minlength=len(self._numbers))
        newest_first = sorted(self._numbers.items(), key=lambda named: named[0][1], reverse=True)
        numbers = np.array([number for _, number in newest_first], dtype=np.int64)
        most = self._most // 2
        remembered = newest_first[: np.searchsorted(np.cumsum(held[numbers]), most, side="right")]
        # In the order of their numbers, so that the codes stay in order.
        remembered.sort(key=lambda named: named[1])
        self._numbers = {name: i for i, (name, _) in enumerate(remembered)}
        renumbered = np.full(len(held), -1, dtype=np.int64)
        renumbered[[number for _, number in remembered]] = np.arange(len(remembered))
        number, part = np.divmod(self._codes, self._parts)
        at = np.flatnonzero(renumbered[number] >= 0)
        self._codes = renumbered[number[at]] * self._parts + part[at]
        self._rows = self._rows[at]
        self._variable = {name: values[at] for name, values in self._variable.items()}

    def _numbers_of(self, coarser: TileKeys) -> NDArray[np.int64]:
        """Give each coarser tile its number, or a new one."""
        numbers = self._numbers
        return np.array(
            [numbers.setdefault(name, len(numbers)) for name in _names(coarser)], dtype=np.int64
        )


def _names(keys: TileKeys) -> Iterator[tuple[str, int]]:
    """Name tiles of one level, whichever entities a batch has."""
    return zip(map(keys.entities.__getitem__, keys.entity), keys.starts_ms, strict=True)


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """Keep bytes as objects, not as texts of one length."""
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects
