"""Sketches of quantiles: APPROX_PERCENTILE.

They are the t-digest and the KLL sketch of Apache DataSketches.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Feature

from ..base import KernelSketch, Placement, StateType
from ..digests import DigestUnion, joined_digests
from ..fields import Fields, list_bounds
from ..kll import LISTED, KllUnion, joined_sketches, listed_values
from ..small_sketches import complete, list_offsets, small_digests
from ..values import Merged

if TYPE_CHECKING:
    import pyarrow as pa

    from ..grouped_values import GroupedValues

Floats = NDArray[np.float64]

#: A tile's digests are merged into one of this many times their compression before it is stored. A
#: merge at their own compression would blur ties a little more each time.
_FINER = 4

#: Where two sketches are compared.
_QUANTILES = [step / 50 for step in range(1, 50)]


class _Quantiles(StateType):
    """A sketch of the values as doubles."""

    adds_lists = True

    merges_gathered = True

    sketch_form: ClassVar[str]

    def __init__(self, placement: Placement) -> None:
        super().__init__(placement)
        self._k = int(self.state.params["k"])

    def empty_sketch(self) -> Any:
        """Return a sketch without values."""
        raise NotImplementedError

    def read(self, part: bytes) -> Any:
        """Return the sketch that some bytes hold."""
        raise NotImplementedError

    def weight(self, sketch: Any) -> int:
        """Return how many values a sketch holds."""
        raise NotImplementedError

    def rank_error(self, sketch: Any) -> float:
        """Return the error of a rank."""
        raise NotImplementedError

    def ranks(self, sketch: Any, value: float) -> tuple[float, float]:
        """Return the share of values below, and below or at."""
        raise NotImplementedError

    def from_values(self, values: GroupedValues) -> Mapping[str, Fields]:
        """Make the sketch of each group."""
        import pyarrow as pa

        doubles = pa.array(values.doubles(self.state.type))
        return {"sketch": self.from_column(values.listed(doubles))}

    def from_column(self, column: pa.Array) -> Fields:
        """Make the sketch of each tile's list of values."""
        # The library takes no read-only arrays, such as Arrow's, so this is a copy.
        values = np.array(column.values.to_numpy(zero_copy_only=False))
        return [
            None if bounds is None else self._sketch(values[slice(*bounds)])
            for bounds in list_bounds(column)
        ]

    def serialized(self, sketch: Any) -> bytes:
        """Write a sketch."""
        return sketch.serialize()  # type: ignore[no-any-return]

    def _sketch(self, values: Floats) -> bytes:
        sketch = self.empty_sketch()
        sketch.update(values)
        return self.serialized(sketch)

    def difference(self, want: bytes, got: bytes) -> str | None:
        """Compare the ranks of quantiles."""
        first, second = self.read(want), self.read(got)
        total = self.weight(first)
        if self.weight(second) != total:
            return f"holds {self.weight(second)} values, not {total}"
        # Each has its own error, and with few values a rank is one value's weight wide.
        allowed = 2 * self.rank_error(first) + 1.5 / total
        worst = 0.0
        for quantile in _QUANTILES:
            worst = max(worst, self._off(first, second.get_quantile(quantile), quantile))
        return f"has ranks {worst:.3f} apart, more than {allowed:.3f}" if worst > allowed else None

    def _off(self, sketch: Any, value: float, quantile: float) -> float:
        below, upto = self.ranks(sketch, value)
        return max(below - quantile, quantile - upto, 0.0)

    def finalize(self, feature: Feature, merged: Merged) -> list[float] | None:
        """Finalize APPROX_PERCENTILE with this sketch."""
        sketch = merged.objects[f"{self.id}.sketch"]
        if sketch is None:
            return None
        values: list[float] | None = sketch.quantiles(feature.params["percentiles"])
        return values

    def kernel_sketch(self, feature: Feature) -> KernelSketch:
        """Let the kernel find the values of the ranks."""
        return KernelSketch(self.sketch_form, list(feature.params["percentiles"]))


class Digest(_Quantiles):
    """A t-digest."""

    sketch_form = "digest"

    def empty_sketch(self) -> Any:
        """Return a digest without values."""
        import datasketches as ds

        return ds.tdigest_double(self._k)

    def from_column(self, column: pa.Array) -> Fields:
        """Make the digest of each tile's list of values."""
        column, offsets = list_offsets(column)
        values = np.array(column.values.to_numpy(zero_copy_only=False))
        inside = values[offsets[0] : offsets[-1]]
        digests = small_digests(inside, offsets - offsets[0], self._k, self._sketch)
        return complete(digests, column, offsets, lambda bounds: self._sketch(values[bounds]))

    def read(self, part: bytes) -> Any:
        """Return the digest that some bytes hold."""
        import datasketches as ds

        return ds.tdigest_double.deserialize(part)

    def weight(self, sketch: Any) -> int:
        """Return how many values a digest holds."""
        return int(sketch.get_total_weight())

    def rank_error(self, sketch: Any) -> float:
        """Return the error measured at compression 200."""
        return float(0.01 * 200 / sketch.k)

    def ranks(self, sketch: Any, value: float) -> tuple[float, float]:
        """Return the ranks just below and above a value.

        A value's own rank is the middle of those equal to it.
        """
        below = sketch.get_rank(math.nextafter(value, -math.inf))
        return below, sketch.get_rank(math.nextafter(value, math.inf))

    def merge(self, parts: Sequence[bytes], /) -> DigestUnion:
        """Put the digests of some tiles side by side."""
        return DigestUnion(parts)

    def join(self, parts: Sequence[bytes], /) -> bytes:
        """Write the centroids of some digests as those of one."""
        return joined_digests(parts)

    def encode(self, merged: DigestUnion, /) -> bytes:
        """Encode a union as one digest of the plan's size."""
        import datasketches as ds

        finer = ds.tdigest_double(_FINER * self._k)
        for part in merged.parts:
            finer.merge(self.read(part))
        digest = self.empty_sketch()
        digest.merge(finer)
        return digest.serialize()  # type: ignore[no-any-return]


class Kll(_Quantiles):
    """A KLL sketch.

    Its bytes are those of Spark's KLL aggregate, which uses the same library.
    """

    sketch_form = "kll"

    def empty_sketch(self) -> Any:
        """Return a sketch without values."""
        import datasketches as ds

        return ds.kll_doubles_sketch(self._k)

    def read(self, part: bytes) -> Any:
        """Return the sketch that some bytes hold."""
        import datasketches as ds

        return ds.kll_doubles_sketch.deserialize(part)

    def weight(self, sketch: Any) -> int:
        """Return how many values a sketch holds."""
        return int(sketch.n)

    def rank_error(self, sketch: Any) -> float:
        """Return the error that the library states."""
        return float(sketch.normalized_rank_error(False))

    def ranks(self, sketch: Any, value: float) -> tuple[float, float]:
        """Return the exclusive and the inclusive rank."""
        return sketch.get_rank(value, False), sketch.get_rank(value, True)

    def from_values(self, values: GroupedValues) -> Mapping[str, Fields]:
        """List the values of each group.

        Raw events are read for one answer and never stored. A sketch of them would be another one
        each time, since the library draws by chance what it drops.
        """
        groups = np.split(values.doubles(self.state.type), values.starts[1:])
        return {"sketch": [LISTED + group.tobytes() for group in groups]}

    def merge(self, parts: Sequence[bytes], /) -> KllUnion:
        """Put sketches and listed values side by side."""
        return KllUnion(parts)

    def join(self, parts: Sequence[bytes], /) -> bytes:
        """Write all that sketches retain as one sketch."""
        return joined_sketches(parts, self._k)

    def encode(self, merged: KllUnion, /) -> bytes:
        """Encode a union as one sketch."""
        sketch = self.empty_sketch()
        listed = []
        for part in merged.parts:
            if part.startswith(LISTED):
                listed.append(listed_values(part))
            else:
                sketch.merge(self.read(part))
        for values in listed:
            sketch.update(values)
        return self.serialized(sketch)

    def serialized(self, sketch: Any) -> bytes:
        """Write a sketch whose lowest level is in order.

        Every fetch that reads it would have to sort that level otherwise.
        """
        if not sketch.is_empty():
            sketch.get_quantile(0.5)  # the library sorts it where it lies
        return super().serialized(sketch)


KINDS = {"tdigest": Digest, "kll": Kll}
FINALIZERS = {"APPROX_PERCENTILE": _Quantiles.finalize}
