"""Sketches of how many different values there are.

The operation is APPROX_UNIQUE_COUNT; the sketch is the HyperLogLog of Apache DataSketches.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Feature

from ..base import KernelSketch, Placement, StateType
from ..fields import Fields
from ..kernel import kernel_of
from ..small_sketches import (
    FEWEST_OF_SET,
    SET_HEAD_BYTES,
    complete,
    coupon_sets,
    list_offsets,
    small_lists,
)
from ..values import Merged

if TYPE_CHECKING:
    import pyarrow as pa

    from ..grouped_values import GroupedValues

#: What stands for the empty text, which the library ignores.
_EMPTY_TEXT = "\0empty"
#: The end of the sketch of one value: the number that stands for it.
_COUPON_BYTES = 4
#: Bytes of a serialized sketch, and what they say (HyperLogLog of Apache DataSketches).
_FLAGS_AT, _IS_EMPTY, _IS_OUT_OF_ORDER = 5, 4, 16
_MODE_AT, _REGISTERS = 7, 10


class DistinctUnion:
    """HyperLogLog sketches side by side, united when asked for."""

    def __init__(self, parts: Sequence[bytes], lg_k: int) -> None:
        """Take the bytes of sketches, and their size."""
        self.parts = parts
        self._lg_k = lg_k

    def get_estimate(self) -> float:
        """Estimate how many different values there are.

        No order of the sketches changes it, nor which of them were united before.
        """
        return _estimate(self.joined())

    def joined(self) -> bytes:
        """Unite the sketches, in the form of the library's unions.

        The library keeps an estimate beside registers that depends on the order in which they came.
        Of several sketches it is left out: registers that are marked to be out of order are
        estimated by themselves.
        """
        import datasketches as ds

        if (native := kernel_of(self.parts)) is not None:
            united: bytes | None = native.unite_distinct(self.parts, self._lg_k)
            if united is not None:
                return united
        joined = bytearray(self.united().get_result(ds.tgt_hll_type.HLL_8).serialize_compact())
        several = sum(not part[_FLAGS_AT] & _IS_EMPTY for part in self.parts) > 1
        if several and joined[_MODE_AT] == _REGISTERS:
            joined[_FLAGS_AT] |= _IS_OUT_OF_ORDER
        return bytes(joined)

    def united(self) -> Any:
        """Unite the sketches by the library."""
        import datasketches as ds

        union = ds.hll_union(self._lg_k)
        for part in self.parts:
            union.update(ds.hll_sketch.deserialize(part))
        return union


class DistinctSketch(StateType):
    """A HyperLogLog sketch."""

    adds_lists = True

    merges_gathered = True

    def __init__(self, placement: Placement) -> None:
        import datasketches as ds

        super().__init__(placement)
        self._known: tuple[pa.Array, NDArray[np.uint32]] | None = None
        self._lg_k = int(self.state.params["lg_k"])
        self._form = getattr(ds.tgt_hll_type, str(self.state.params["type"]))

    def from_values(self, values: GroupedValues) -> Mapping[str, Fields]:
        """Make the sketch of each group."""
        return {"sketch": self.from_column(values.listed(values.arrow(values.values)))}

    def from_column(self, column: pa.Array) -> Fields:
        """Make the sketch of each tile's list of values."""
        column, offsets = list_offsets(column)
        inside = column.values[int(offsets[0]) : int(offsets[-1])].dictionary_encode()
        if not len(inside):
            return complete([None] * len(column), column, offsets, lambda _: self._sketch([]))
        offsets = offsets - offsets[0]
        numbers, values = inside.indices.to_numpy(), inside.dictionary
        coupons = self._coupons_of(values)[numbers].astype(np.int64)
        sketches = small_lists(coupons, offsets, self._sketch(values[:1].to_pylist()))
        sketches = coupon_sets(sketches, coupons, offsets, self._lg_k, self._set_head)

        def sketch(bounds: slice) -> bytes:
            own = numbers[bounds]
            _, firsts = np.unique(own, return_index=True)
            return self._sketch(values.take(own[np.sort(firsts)]).to_pylist())

        return complete(sketches, column, offsets, sketch)

    def _coupons_of(self, values: pa.Array) -> NDArray[np.uint32]:
        """Find the number that stands for each value.

        Levels of one batch have the same values, so the last ones are remembered.
        """
        known = self._known  # threads share this state, so it may be replaced meanwhile
        if known is None or not known[0].equals(values):
            singles = [self._sketch([value])[-_COUPON_BYTES:] for value in values.to_pylist()]
            known = self._known = values, np.frombuffer(b"".join(singles), "<u4")
        return known[1]

    @cached_property
    def _set_head(self) -> bytes:
        return self._sketch(range(FEWEST_OF_SET))[:SET_HEAD_BYTES]

    def _sketch(self, items: Iterable[Any]) -> bytes:
        import datasketches as ds

        sketch = ds.hll_sketch(self._lg_k, self._form)
        for item in items:
            sketch.update(_EMPTY_TEXT if item == "" else item)
        return sketch.serialize_compact()  # type: ignore[no-any-return]

    def merge(self, parts: Sequence[bytes], /) -> DistinctUnion:
        """Put the sketches of some tiles side by side."""
        return DistinctUnion(parts, self._lg_k)

    def encode(self, merged: DistinctUnion, /) -> bytes:
        """Encode a union as one sketch."""
        sketch = merged.united().get_result(self._form)
        return sketch.serialize_compact()  # type: ignore[no-any-return]

    def join(self, parts: Sequence[bytes], /) -> bytes:
        """Unite sketches in the form of the library's unions."""
        return self.merge(parts).joined()

    def difference(self, want: bytes, got: bytes) -> str | None:
        """Compare two sketches' estimates, and that of both merged."""
        import datasketches as ds

        first, second = ds.hll_sketch.deserialize(want), ds.hll_sketch.deserialize(got)
        expected = first.get_estimate()
        # Three standard errors of the smaller of two sketches of 2**lg_k registers (HyperLogLog:
        # 1.04 / sqrt(m)).
        allowed = 3 * 1.04 / math.sqrt(1 << first.lg_config_k) * max(expected, 1.0)
        if abs(expected - second.get_estimate()) > allowed:
            return f"counts {second.get_estimate():.1f} values, not {expected:.1f}"
        both = ds.hll_union(first.lg_config_k)
        both.update(first)
        both.update(second)
        # If another library hashes values in its own way, they count twice once sketches are
        # merged.
        if both.get_estimate() - expected <= allowed:
            return None
        return (
            f"counts {both.get_estimate():.1f} values when it is merged with that of the same "
            "values"
        )

    def finalize(self, feature: Feature, merged: Merged) -> int:
        """Finalize APPROX_UNIQUE_COUNT."""
        union: DistinctUnion | None = merged.objects[f"{self.id}.sketch"]
        return 0 if union is None else round(union.get_estimate())

    def kernel_sketch(self, feature: Feature) -> KernelSketch:
        """Let the kernel unite the sketches, and the library estimate."""
        return KernelSketch("distinct", [self._lg_k], _count)


def _estimate(sketch: bytes) -> float:
    import datasketches as ds

    return float(ds.hll_sketch.deserialize(sketch).get_estimate())


def _count(sketch: bytes) -> int:
    return round(_estimate(sketch))


KINDS = {"hll": DistinctSketch}
FINALIZERS = {"APPROX_UNIQUE_COUNT": DistinctSketch.finalize}
