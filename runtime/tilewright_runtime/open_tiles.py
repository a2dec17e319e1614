"""The finer tiles of coarser ones that still change, kept between batches, so that those are merged without reading them again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .block import Block
from .layout import SEQUENCE, Layout
from .stores import TileKeys
from .tile_rows import LevelTiles

#: Memory for the tiles of one level; a field of changing length is taken to have a kilobyte.
_MEMORY_BYTES = 256 << 20
_FIELD_BYTES = 1 << 10


class OpenTiles:
    """The tiles of one level by the tile of the next coarser one that they lie in.

    Of a coarser tile either all finer ones are known or none. The oldest are forgotten when there are too many.
    """

    def __init__(self, layout: Layout, size_ms: int, coarser_ms: int) -> None:
        self.size_ms = size_ms
        self.coarser_ms = coarser_ms
        self._parts = coarser_ms // size_ms
        self._most = max(1, _MEMORY_BYTES // (self._parts * (layout.fixed_bytes + _FIELD_BYTES * len(layout.variable))))
        self._words = layout.words
        self._fields = [field.name for field in layout.variable]
        self.clear()

    def clear(self) -> None:
        """Forgets all tiles."""
        self._places: dict[tuple[str, int], int] = {}
        self._rows = np.zeros((0, self._parts, self._words), dtype=np.int64)
        self._variable = {name: np.empty((0, self._parts), dtype=object) for name in self._fields}

    def touched(self, keys: TileKeys) -> TileKeys:
        """The coarser tiles that some tiles, ordered by entity and start, lie in, in the same order."""
        starts = np.asarray(keys.starts_ms, dtype=np.int64) // self.coarser_ms * self.coarser_ms
        found = np.unique(np.column_stack([np.asarray(keys.entity, dtype=np.int64), starts]), axis=0)
        return replace(keys, size_ms=self.coarser_ms, entity=found[:, 0].tolist(), starts_ms=found[:, 1].tolist())

    def unknown(self, coarser: TileKeys) -> TileKeys:
        """All tiles that lie in those of some coarser tiles of which none is known."""
        places = np.array([place for place, name in enumerate(_names(coarser)) if name not in self._places], dtype=np.int64)
        inside = coarser.take(places)
        starts = np.repeat(np.asarray(inside.starts_ms, dtype=np.int64), self._parts)
        starts += np.tile(np.arange(self._parts, dtype=np.int64) * self.size_ms, len(places))
        return replace(coarser, size_ms=self.size_ms, entity=np.repeat(inside.entity, self._parts).tolist(), starts_ms=starts.tolist())

    def keep(self, tiles: LevelTiles) -> None:
        """Takes tiles that hold more events than what is kept in their place. What they lie in is known from then on."""
        starts = np.asarray(tiles.keys.starts_ms, dtype=np.int64)
        coarser = replace(tiles.keys, starts_ms=(starts // self.coarser_ms * self.coarser_ms).tolist())
        at = self._places_of(coarser)
        part = starts % self.coarser_ms // self.size_ms
        newer = np.flatnonzero(tiles.block.rows[:, SEQUENCE] > self._rows[at, part, SEQUENCE])
        at, part = at[newer], part[newer]
        self._rows[at, part] = tiles.block.rows[newer]
        for name, kept in self._variable.items():
            kept[at, part] = _objects(tiles.block.variable[name])[newer]

    def inside(self, coarser: TileKeys) -> LevelTiles:
        """The tiles that lie in some coarser tiles, ordered by entity and start; those without events are left out."""
        at = self._places_of(coarser)
        rows = self._rows[at].reshape(-1, self._words)
        present = np.flatnonzero(rows[:, SEQUENCE])
        entity = np.repeat(np.asarray(coarser.entity, dtype=np.int64), self._parts)[present]
        starts = np.repeat(np.asarray(coarser.starts_ms, dtype=np.int64), self._parts)
        starts += np.tile(np.arange(self._parts, dtype=np.int64) * self.size_ms, len(at))
        keys = replace(coarser, size_ms=self.size_ms, entity=entity.tolist(), starts_ms=starts[present].tolist())
        variable = {name: kept[at].reshape(-1)[present].tolist() for name, kept in self._variable.items()}
        return LevelTiles(keys, Block(rows[present], variable))

    def forget(self) -> None:
        """Forgets the older half if there are too many: late events are rare, and what they change is read again."""
        if len(self._places) <= self._most:
            return
        kept = sorted(self._places, key=lambda name: name[1])[-self._most // 2 :]
        at = np.array([self._places[name] for name in kept], dtype=np.int64)
        self._places = {name: place for place, name in enumerate(kept)}
        self._rows = self._rows[at]
        self._variable = {name: values[at] for name, values in self._variable.items()}

    def _places_of(self, coarser: TileKeys) -> NDArray[np.int64]:
        """The place of each coarser tile; those that have none get one."""
        places = self._places
        at = np.array([places.setdefault(name, len(places)) for name in _names(coarser)], dtype=np.int64)
        if len(places) > len(self._rows):
            more = max(len(places) - len(self._rows), len(self._rows) // 2)
            self._rows = np.concatenate([self._rows, np.zeros((more, self._parts, self._words), dtype=np.int64)])
            for name, kept in self._variable.items():
                self._variable[name] = np.concatenate([kept, np.empty((more, self._parts), dtype=object)])
        return at


def _names(keys: TileKeys) -> Iterator[tuple[str, int]]:
    """What tells tiles of one level apart, whichever entities a batch has."""
    return zip(map(keys.entities.__getitem__, keys.entity), keys.starts_ms, strict=True)


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """Bytes as they are; numpy by itself would make texts of one length of them."""
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects
