"""A plan's fetches by the native kernel.

It decodes and merges in C++ what `merging` does with numpy. What only Python can make, such as
dates, texts and sketches, is merged and finalized here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import Any

from ..lazily import np
from ..states.base import Rows
from ..states.fields import FieldCodec
from ..states.kernel import kernel
from ..states.values import Merged
from ..stores.base import Records
from ..tiles.cover import Segment
from ..tiles.kernel_layout import native_program
from ..tiles.keys import Range, Ranges
from ..tiles.layout import Columns, Layout
from ..tiles.records import RecordCodec
from .feature_groups import FeatureGroup
from .merging import Merger
from .middles import Cover, Fields
from .schedule import Covers
from .standing import Run
from .tiles import Tiles


class KernelTiles(Tiles):
    """Tiles that the kernel holds."""

    chunks = ()

    def __init__(self, native: Any, answers: Sequence[Records], program: KernelProgram) -> None:
        self.native = native
        self.count = len(native)
        self.approximate = native.approximate
        self._answers = answers
        self._program = program

    @cached_property
    def records(self) -> Sequence[bytes]:
        """The records of all tiles."""
        return list(chain(*self._answers))

    def head_level_ms(self, at_ms: int) -> int | None:
        """Find the coarsest level with a clean newest tile."""
        size_ms: int | None = self._program.native.head_level_ms(self.native, at_ms)
        return size_ms

    @cached_property
    def rows(self) -> Rows:
        """The words of each tile, and a row of zeros."""
        words = self._program.layout.words
        rows: Rows = np.frombuffer(self.native.words, "<i8").reshape(-1, words)
        return rows

    @cached_property
    def columns(self) -> Columns:
        """The columns of each tile, and a row of zeros."""
        return np.frombuffer(self.native.words, self._program.layout.columns)

    @cached_property
    def starts(self) -> list[int]:
        """When each tile begins."""
        return list(self.native.starts)

    @cached_property
    def bounds(self) -> dict[int, Run]:
        """The tiles of each level, by its size in ms."""
        return {size_ms: (first, end) for size_ms, first, end in self.native.levels}


class KernelProgram:
    """What the kernel does for one plan.

    It also says what the kernel leaves to Python.
    """

    def __init__(
        self,
        kernel: Any,
        native: Any,
        layout: Layout,
        groups: Sequence[FeatureGroup],
        merger: Merger,
    ) -> None:
        self.native = native
        self.layout = layout
        self._kernel = kernel
        self._merger = merger
        names = [field.name for field in layout.variable]
        self._numbers = {name: index for index, name in enumerate(names)}
        self._groups = [one for one in enumerate(groups) if one[1].python_finalizers]
        self._groups_of_sketches = [one for one in enumerate(groups) if one[1].sketch_finalizers]
        self._codecs: list[dict[str, FieldCodec]] = []
        for group in groups:
            self._codecs.append({name: layout.codecs[name] for name in group.merged_fields})
        self._merges_fields = any(self._codecs)
        self.has_sketches = any(group.sketches for group in groups)
        self.is_whole = not self._groups

    def decode(
        self,
        answers: Sequence[Records],
        ranges: Sequence[Range],
        prefix: bytes,
        checked: Sequence[int],
    ) -> KernelTiles | None:
        """Decode what the store gave for some ranges.

        `prefix` begins the keys of the entity; the first records of each range are `checked`
        already. None if a record has to be looked at: it is damaged, misplaced, or of an earlier
        version.
        """
        if not isinstance(ranges, Ranges):
            ranges = Ranges(ranges)
        known = ranges.native or self.prepared(ranges)
        native = self.native.decode(answers, known, prefix, checked)
        return None if native is None else KernelTiles(native, answers, self)

    def prepared(self, ranges: Ranges) -> Any:
        """Tell the kernel of ranges."""
        return ranges.prepare(self._kernel)

    def evaluate(
        self,
        tiles: KernelTiles,
        covers: Sequence[Sequence[Segment]],
        values: dict[str, Any],
    ) -> dict[str, int] | None:
        """Put the values of all features into a dictionary.

        Returns how far counts may be off, and None if numpy has to merge after all.
        """
        if not isinstance(covers, Covers):
            covers = Covers(covers)
        numbers = self.native.evaluate(tiles.native, self.native_covers(covers), values)
        if numbers is False:
            return None
        errors: dict[str, int] = {}
        is_answered = not self.has_sketches or self._ask_sketches(tiles, covers, values, errors)
        groups = self._groups if is_answered else self._groups_of_sketches
        if not groups:
            return errors
        fields = self._gather(tiles, covers) if self._merges_fields else [()] * len(covers)
        if fields is None:
            return None
        for index, group in groups:
            merged = Merged(numbers[index] or [], group.empty_objects.copy())
            if group.empty_objects:
                parts = dict(zip(group.merged_fields, fields[index], strict=True))
                if group.bucket_fields and not self._add_tables(group, tiles, covers[index], parts):
                    return None
                self._merger.merge_gathered(group, tiles, covers[index], parts, merged)
            finalizers = group.python_finalizers if is_answered else group.sketch_finalizers
            for name, finalize in finalizers.items():
                values[name] = finalize(merged)
            if group.error_bounds:
                errors |= group.errors(merged)
        return errors

    def _ask_sketches(
        self,
        tiles: KernelTiles,
        covers: Covers,
        values: dict[str, Any],
        errors: dict[str, int],
    ) -> bool:
        """Answer features by sketches, if the kernel can."""
        middles = None
        if tiles.middles is not None:

            def gather(part: Cover, names: Sequence[str]) -> Fields | None:
                return self._gather_cover(tiles, part, names)

            found = tiles.middles.find_all(covers, self._codecs, gather)
            if found is None:
                return False
            middles, covers = found
        native = self.native_covers(covers)
        is_answered: bool
        is_answered = self.native.ask_sketches(tiles.native, native, middles, values, errors)
        return is_answered

    def native_covers(self, covers: Covers) -> Any:
        """Give what the kernel knows of covers."""
        if covers.native is None:
            covers.native = self._kernel.Covers(covers)
        return covers.native

    def _gather(self, tiles: KernelTiles, covers: Covers) -> Sequence[Fields] | None:
        """Read the merged fields of each cover.

        A finished middle comes as one part. None if the kernel cannot read them.
        """
        if tiles.middles is None:
            gathered: Sequence[Fields] | None
            gathered = self.native.gather_all(tiles.native, self.native_covers(covers))
            return gathered

        def gather(part: Cover, names: Sequence[str]) -> Fields | None:
            return self._gather_cover(tiles, part, names)

        def gather_rests(rests: Covers) -> Sequence[Fields] | None:
            gathered: Sequence[Fields] | None
            gathered = self.native.gather_all(tiles.native, self.native_covers(rests))
            return gathered

        return tiles.middles.gather_all(covers, self._codecs, gather, gather_rests)

    def _gather_cover(
        self, tiles: KernelTiles, cover: Cover, names: Sequence[str]
    ) -> Fields | None:
        """Read some fields of one cover, if the kernel can."""
        indices = list(map(self._numbers.__getitem__, names))
        gathered: Fields | None = self.native.gather(tiles.native, list(cover), indices)
        return gathered

    def _add_tables(
        self,
        group: FeatureGroup,
        tiles: KernelTiles,
        cover: Cover,
        parts: dict[str, Sequence[bytes]],
    ) -> bool:
        """Read the tables of buckets too, if the kernel can."""
        tables = self._gather_cover(tiles, cover, group.bucket_fields)
        parts |= zip(group.bucket_fields, tables or (), strict=tables is not None)
        return tables is not None


def kernel_program(
    layout: Layout,
    codec: RecordCodec,
    ladder_ms: Sequence[int],
    groups: Sequence[FeatureGroup],
    merger: Merger,
) -> KernelProgram | None:
    """Prepare the kernel for a plan.

    None where there is no kernel, or where it does not know how to merge: windows that take parts
    of tiles, and states whose numbers merge by methods of their own.
    """
    if any(group.window.edge == "prorate" for group in groups):
        return None
    module, native = kernel(), native_program(layout, codec.seed, ladder_ms)
    if module is None or native is None:
        return None
    names = [field.name for field in layout.variable]
    for group in groups:
        features = [(name, form, words) for name, (form, words) in group.forms.items()]
        fields = [names.index(name) for name in group.merged_fields]
        native.add_window(features, bool(group.python_finalizers), fields)
        for name, (field, sketch) in group.sketches.items():
            native.add_sketch(name, sketch.form, group.merged_fields.index(field), *sketch[1:])
    return KernelProgram(module, native, layout, groups, merger)
