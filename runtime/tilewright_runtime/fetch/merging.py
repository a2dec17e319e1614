"""Merges the tiles of all covers of a fetch.

Numbers merge together, in one call for each kind of merge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from functools import cache, cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..lazily import np
from ..states.base import Rows, StateType
from ..states.values import Merged
from ..tiles.cover import Segment
from ..tiles.layout import Columns, Layout
from ..tiles.records import RecordCodec
from .feature_groups import FeatureGroup
from .middles import Cover, gathered
from .standing import Cut, Run
from .tiles import Tiles, VariableFields

if TYPE_CHECKING:
    from fractions import Fraction

    from ..tiles.buckets import BucketTables

    #: The part that counts of each run of tiles of a prorated window, by the index of its group.
    Parts = Mapping[int, Sequence[Fraction | int]]


#: Infinities of both signs make NaN, as they do in SQL, and numpy is not to warn of it. To enter a
#: context that was set up once is quicker than `np.errstate`. Each call enters a copy of it, since
#: threads cannot share one.
@cache
def _quietly() -> Context:
    context = Context()
    context.run(np.seterr, invalid="ignore", over="ignore")
    return context


class Merger:
    """Merges the tiles of a plan's windows."""

    def __init__(
        self,
        layout: Layout,
        codec: RecordCodec,
        buckets: Mapping[str, BucketTables],
        groups: Sequence[FeatureGroup],
    ) -> None:
        self._layout = layout
        self._codec = codec
        self._buckets = buckets
        self._groups = groups
        self._prorated = [
            index for index, group in enumerate(groups) if group.window.edge == "prorate"
        ]
        self._has_objects = any(
            group.joint_states or group.merged_fields or group.bucket_fields for group in groups
        )
        self.is_flat = not (self._prorated or self._has_objects)
        """Whether `reduce` does all that there is to be merged."""
        self._fields = {one.name: index for index, one in enumerate(layout.variable)}
        self._empty = layout.identities()
        for state in layout.joint_states:
            state.mark_missing(self._empty)

    @cached_property
    def _slabs(self) -> list[tuple[Callable[..., Any], str, slice, bool]]:
        """What reduces each slab, its name and words, and whether it has several."""
        return [
            (slab.ufunc.reduceat, slab.name, slab.columns, slab.stop > slab.start + 1)
            for slab in self._layout.slabs
        ]

    def merge(self, tiles: Tiles, covers: Sequence[Sequence[Segment]]) -> list[Merged]:
        """Merge the tiles of each cover.

        The result is in the order of the groups.
        """
        cut = tiles.cut(covers)
        merged = self.spread(self.reduce(tiles.columns, cut) if cut.filled else [], cut)
        parts: Parts = {}
        if self._prorated:
            parts = {index: _parts(tiles, covers[index]) for index in self._prorated}
            _quietly().copy().run(self._merge_parts, tiles, cut.runs, parts, merged)
        if self._has_objects:
            self._merge_objects(tiles, covers, cut.runs, parts, merged)
        return merged

    def reduce(self, columns: Columns, cut: Cut) -> list[Any]:
        """Merge the numbers that numpy can merge, of covers with tiles.

        One call of a ufunc reduces the runs of all of them. The result is slab after slab, of each
        what every cover has, as `positions` says.
        """
        numbers: list[Any] = _quietly().copy().run(self._reduce, columns, cut)
        return numbers

    def _reduce(self, columns: Columns, cut: Cut) -> list[Any]:
        numbers: list[Any] = []
        bounds, firsts = cut.bounds, cut.firsts
        for reduce, name, _, is_wide in self._slabs:
            # reduceat also gives what lies between a run's end and the next one's begin.
            reduced = reduce(columns[name], bounds)
            if firsts is not None:
                # By the same function, since `reduce` would add up floats in another order.
                reduced = reduce(reduced[::2], firsts)
            numbers += (reduced.ravel() if is_wide else reduced).tolist()
        return numbers

    def positions(self, covers: int, step: int) -> list[dict[int, int]]:
        """Find where `reduce` puts the words of each cover, if all have tiles.

        The step is that of the cut.
        """
        positions: list[dict[int, int]] = [{} for _ in range(covers)]
        at = 0
        for slab in self._layout.slabs:
            for own in positions:
                own |= {word: at + word - slab.start for word in range(slab.start, slab.stop)}
                at += step * (slab.stop - slab.start)
        return positions

    def spread(self, numbers: Sequence[Any], cut: Cut) -> list[Merged]:
        """Give each cover its own of the numbers that `reduce` made, by word."""
        merged = []
        for group in self._groups:
            merged.append(Merged(self._empty.copy(), group.empty_objects.copy()))
        at = 0
        for _, _, words, _ in self._slabs if cut.filled else ():
            width = words.stop - words.start
            for index in cut.filled:
                merged[index].numbers[words] = numbers[at : at + width]
                at += cut.step * width
        return merged

    def _merge_parts(
        self,
        tiles: Tiles,
        runs: Sequence[Sequence[Run]],
        parts: Parts,
        merged: Sequence[Merged],
    ) -> None:
        """Sum the tiles of prorated windows by their parts.

        Only sums can be prorated.
        """
        for index, own in parts.items():
            if not own:
                continue
            starts = np.array(list(chain.from_iterable(runs[index])), np.intp)
            for slab in self._layout.slabs:
                if slab.function == "add":
                    sums = slab.ufunc.reduceat(slab.of(tiles.rows), starts)[::2]
                    merged[index].numbers[slab.columns] = _weighted(sums.tolist(), own)

    def _merge_objects(
        self,
        tiles: Tiles,
        covers: Sequence[Cover],
        runs: Sequence[Sequence[Run]],
        parts: Parts,
        merged: Sequence[Merged],
    ) -> None:
        """Merge what no ufunc can, where groups need it."""
        fields = VariableFields(self._codec, tiles)
        for index, group in enumerate(self._groups):
            if not runs[index]:
                continue
            if group.joint_states or group.merged_fields:
                self._merge_states(group, tiles, covers[index], fields, merged[index])
            for name in group.bucket_fields:
                table = self._bucket_values(name, runs[index], parts.get(index), fields)
                merged[index].objects[name] = table

    def merge_gathered(
        self,
        group: FeatureGroup,
        tiles: Tiles,
        cover: Sequence[Segment],
        gathered: Mapping[str, Sequence[bytes]],
        merged: Merged,
    ) -> None:
        """Merge what the kernel cannot: texts and gathered fields."""
        if not any(gathered.values()) and not group.chosen_fields:
            return
        if group.chosen_fields and (runs := tiles.runs([cover])[0]):
            indices = _indices(runs)
            fields = VariableFields(self._codec, tiles)
            states = [state for state in group.joint_states if state.text is not None]
            self._choose_texts(states, tiles.rows[indices], indices, fields, merged)
        for name, parts in gathered.items():
            if parts and name in self._buckets:
                merged.objects[name] = self._buckets[name].read(parts)
            elif parts:
                codec = self._layout.codecs[name]
                own = parts if codec.merges_gathered else list(parts)
                merged.objects[name] = codec.merge(own)

    def _merge_states(
        self,
        group: FeatureGroup,
        tiles: Tiles,
        cover: Cover,
        fields: VariableFields,
        merged: Merged,
    ) -> None:
        """Merge endpoints, moments, texts and sketches.

        No ufunc can do so.
        """
        indices = _indices(tiles.runs([cover])[0])
        self._choose_texts(group.joint_states, tiles.rows[indices], indices, fields, merged)

        def gather(part: Cover, names: Sequence[str]) -> list[list[bytes]]:
            own = _indices(tiles.runs([part])[0])
            return [fields.present(own, self._fields[name]) for name in names]

        codecs = {name: self._layout.codecs[name] for name in group.merged_fields}
        parts = gathered(tiles.middles, cover, codecs, gather)
        for (name, codec), own in zip(codecs.items(), parts or (), strict=True):
            merged.objects[name] = codec.merge(own) if own else None

    def _choose_texts(
        self,
        states: Sequence[StateType],
        rows: Rows,
        indices: Sequence[int],
        fields: VariableFields,
        merged: Merged,
    ) -> None:
        """Merge joint states, and choose their texts.

        Their numbers merge together, and the texts go with them.
        """
        for state in states:
            # A time lies in one tile only, so among the tiles of a cover, oldest first, there are
            # no ties.
            chosen = state.merge_tiles(rows, merged.numbers)
            if chosen is not None and (text := state.text) is not None:
                merged.objects[text] = fields.of(indices[chosen], self._fields[text])

    def _bucket_values(
        self,
        name: str,
        runs: Sequence[Run],
        parts: Sequence[Fraction | int] | None,
        fields: VariableFields,
    ) -> list[Any]:
        """Merge the bucket values of some runs.

        All runs count in full unless `parts` are given.
        """
        tables = [fields.present(range(begin, end), self._fields[name]) for begin, end in runs]
        if parts is None:
            return self._buckets[name].read(list(chain.from_iterable(tables)))
        return self._buckets[name].read_parts(tables, parts)


def _indices(runs: Sequence[Run]) -> list[int]:
    return list(chain.from_iterable(range(begin, end) for begin, end in runs))


def _parts(tiles: Tiles, cover: Sequence[Segment]) -> list[Fraction | int]:
    """Find how much of each run counts.

    Empty runs are left out.
    """
    parts = []
    for segment in cover:
        begin, end = tiles.run(segment)
        if begin < end:
            parts.append(segment.part)
    return parts


def _weighted(runs: Sequence[Sequence[Any]], parts: Sequence[Fraction | int]) -> list[Any]:
    """Sum some runs' numbers, each run by its part.

    Integers become exact fractions, as both halves of a sum must.
    """
    totals = []
    for column in zip(*runs, strict=True):
        totals.append(sum(part * number for part, number in zip(parts, column, strict=True)))
    return totals
