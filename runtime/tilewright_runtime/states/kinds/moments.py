"""Central moments, and the operations VARIANCE, STDDEV, SKEW and KURTOSIS.

Kept are n, the mean, and the sums of the 2nd to 4th powers of the distances from it. No sum of
squares is ever formed: it would lose all digits of a small variance far from 0. Sets of values are
merged by the formulas of T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating formulae and a
pairwise algorithm for computing sample variances" (1979), and for the 3rd and 4th power of
P. Pébay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order
statistical moments" (Sandia report SAND2008-6212, 2008), here in their form for any number of
sets. The mean is kept as two doubles, `mean` and the `rest` that rounding left over: near 10**9
one alone would cost half the digits of a variance near 1.

A NaN or an infinity among the values makes the variance NaN, and so do distances whose squares do
not fit a double (beyond about 1e154); distances below about 1e-162 have squares that are 0.
`_moment` says where a skew or kurtosis is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from tilewright_compiler.plan.model import Feature

from ...lazily import np
from ..base import Form, Indices, KernelMerge, Placement, Rows, StateType
from ..fields import Bytes
from ..values import Merged

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from ..grouped_values import GroupedValues

Floats: TypeAlias = "NDArray[np.float64]"


def _mean_of(first: Floats, offset: Floats) -> tuple[Floats, Floats]:
    """Add two numbers and return what rounding left.

    It is D. E. Knuth's TwoSum.
    """
    mean = first + offset
    part = mean - first
    rest = (first - (mean - part)) + (offset - part)
    finite = np.isfinite(mean)
    return np.where(finite, mean, np.nan), np.where(finite, rest, 0.0)


def of_values(
    values: Floats, starts: NDArray[np.int64], counts: NDArray[np.int64], order: int
) -> list[Floats]:
    """Compute the moments of each run of values.

    They are mean, rest and the sums of powers up to `order`. No run is empty.
    """
    with np.errstate(all="ignore"):
        first = values[starts]
        # Distances from a value of the run are exact enough to be averaged, whatever the magnitude
        # of the values.
        shifted = values - np.repeat(first, counts)
        offset = np.add.reduceat(shifted, starts) / counts
        distance = shifted - np.repeat(offset, counts)
        sums = [np.add.reduceat(distance**power, starts) for power in range(2, order + 1)]
        return [*_mean_of(first, offset), *sums]


def merged(n: NDArray[np.int64], parts: Floats) -> list[Any]:
    """Merge sets of values along an axis.

    Each set has n values. The rows of `parts` are mean, rest, m2 and so on. `n` is (sets, …) and
    `parts` (2 + powers, sets, …). Empty sets count for nothing; if all are empty, the result is
    zeros.
    """
    with np.errstate(all="ignore"):
        weight = n.astype(np.float64)
        total = np.maximum(weight.sum(axis=0), 1.0)
        means, rests, m2, *higher = parts
        # Measured from the mean of one set that has values, the others are near, so their magnitude
        # costs no digits.
        some = np.argmax(n > 0, axis=0)[np.newaxis]
        first = np.take_along_axis(means, some, 0)[0]
        first_rest = np.take_along_axis(rests, some, 0)[0]
        shifted = np.where(n > 0, (means - first) + (rests - first_rest), 0.0)
        offset = (weight * shifted).sum(axis=0) / total
        d = np.where(n > 0, shifted - offset, 0.0)
        square = d * d
        sums = [(m2 + weight * square).sum(axis=0)]
        if higher:
            m3, m4 = higher
            # Written out, as the kernel computes the same terms and powers may round otherwise.
            sums.append((m3 + 3 * d * m2 + weight * (square * d)).sum(axis=0))
            fourth = m4 + 4 * d * m3 + 6 * square * m2
            sums.append((fourth + weight * (square * square)).sum(axis=0))
        return [*_mean_of(first, first_rest + offset), *sums]


#: No skew or kurtosis is made from a variance whose square lies near or beyond the limits of a
#: double.
_SMALLEST_VARIANCE, _LARGEST_VARIANCE = 1e-150, 1e150


class Moments(StateType):
    """The number of values, then mean, rest, m2 and more.

    The words of the moments stand side by side.
    """

    merges_numbers = True

    def __init__(self, placement: Placement) -> None:
        super().__init__(placement)
        self.tells_presence = True
        # The layout keeps the words of a state in order, so these stand side by side.
        self._n, self._start = self.words["n"], self.words["mean"]
        self._stop = self._start + len(self.words) - 1
        self._order = len(self.words) - 2
        self._m2 = self._start + 2

    @property
    def floats(self) -> Sequence[int]:
        """All but the number of values."""
        return range(self._start, self._stop)

    @property
    def derived_words(self) -> Sequence[int]:
        """All but the number of values."""
        return self.floats

    def from_values(self, values: GroupedValues) -> Mapping[str, NDArray[Any]]:
        """Make the moments of each group."""
        doubles = values.doubles(self.state.type)
        moments = of_values(doubles, values.starts, values.counts, self._order)
        names = ("mean", "rest", "m2", "m3", "m4")[: len(moments)]
        return {"n": values.counts, **dict(zip(names, moments, strict=True))}

    def derive(self, table: pa.Table, rows: Rows) -> None:
        """Make the moments of each tile from the column `{state}.values`."""
        import pyarrow.compute as pc

        values = table[f"{self.id}.values"].combine_chunks()
        counts = pc.fill_null(pc.list_value_length(values), 0).to_numpy().astype(np.int64)
        with_values = np.flatnonzero(counts)
        starts = (np.cumsum(counts) - counts)[with_values]
        doubles = values.flatten().to_numpy()
        moments = of_values(doubles, starts, counts[with_values], self._order)
        self._of(rows)[with_values] = np.column_stack(moments)

    def _of(self, rows: Rows) -> Floats:
        return rows.view(np.float64)[..., self._start : self._stop]

    def merge_rows(
        self, older: Rows, newer: Rows, rows: Rows, texts: Sequence[tuple[Bytes, Bytes]] | None
    ) -> None:
        """Merge each pair as two sets."""
        self._of(rows)[:] = self._merge_sets(np.stack([older, newer]))

    def merge_runs(self, parts: Rows, rows: Rows, begins: Indices, ends: Indices) -> None:
        """Merge runs of one length together.

        The formula for many sets is exact where pairs of sets would add up errors.
        """
        lengths = ends - begins
        for length in np.unique(lengths):
            of_length = np.flatnonzero(lengths == length)
            runs = parts[begins[of_length] + np.arange(length)[:, np.newaxis]]
            self._of(rows)[of_length] = self._merge_sets(runs)

    def _merge_sets(self, sets: Rows) -> Floats:
        parts = np.moveaxis(self._of(sets), 2, 0)
        return np.column_stack(merged(sets[:, :, self._n], parts))

    def merge_tiles(self, parts: Rows, numbers: list[Any]) -> None:
        """Merge all parts as sets of their own."""
        moments = merged(parts[:, self._n], self._of(parts).T)
        numbers[self._start : self._stop] = map(float, moments)

    @property
    def kernel_merge(self) -> KernelMerge:
        """Its words, for the kernel."""
        return KernelMerge("moments", (self._n, self._start, self._order))

    def variance_form(self, feature: Feature) -> Form:
        """Say how the kernel finalizes VARIANCE."""
        return "variance", [self._n, self._m2]

    def stddev_form(self, feature: Feature) -> Form:
        """Say how the kernel finalizes STDDEV."""
        return "deviation", [self._n, self._m2]

    def skew_form(self, feature: Feature) -> Form:
        """Say how the kernel finalizes SKEW."""
        return "skew", [self._n, self._m2, self._start + 3]

    def kurtosis_form(self, feature: Feature) -> Form:
        """Say how the kernel finalizes KURTOSIS."""
        return "kurtosis", [self._n, self._m2, self._start + 4]

    def magnitudes(self, rows: Rows) -> Mapping[int, float]:
        """Return the size of the mean and of each sum.

        For the mean it is its own size plus the spread; for a sum, n times that power of the
        spread.
        """
        n = int(rows[0, self._n])
        mean, _, *sums = self._of(rows)[0].tolist()
        spread = math.sqrt(sums[0] / max(n, 1))
        powers = [n * spread**power for power in range(2, len(sums) + 2)]
        sizes = [abs(mean) + spread, abs(mean) + spread, *powers]
        return dict(zip(self.floats, sizes, strict=True))

    def has_value(self, merged: Merged) -> bool:
        """Tell by the number of values."""
        return bool(merged.numbers[self._n] > 0)

    def variance(self, feature: Feature, merged: Merged) -> float | None:
        """Finalize VARIANCE.

        It is NaN where a value is not finite, or the square of a distance does not fit a double.
        """
        n = merged.numbers[self._n]
        if not n:
            return None
        variance: float = merged.numbers[self._m2] / n
        return variance if math.isfinite(variance) else math.nan

    def stddev(self, feature: Feature, merged: Merged) -> float | None:
        """Finalize STDDEV."""
        variance = self.variance(feature, merged)
        return None if variance is None else math.sqrt(variance)

    def skew(self, feature: Feature, merged: Merged) -> float | None:
        """Finalize SKEW."""
        variance = self.variance(feature, merged)
        if not variance:
            return None
        third = self._moment(3, variance, merged)
        return third / variance / math.sqrt(variance)

    def kurtosis(self, feature: Feature, merged: Merged) -> float | None:
        """Finalize KURTOSIS."""
        variance = self.variance(feature, merged)
        if not variance:
            return None
        fourth = self._moment(4, variance, merged)
        return fourth / variance / variance - 3

    def _moment(self, power: int, variance: float, merged: Merged) -> float:
        """Return a central moment.

        It is NaN if it, or the square of the variance, is out of range.
        """
        moment: float = merged.numbers[self._start + power] / merged.numbers[self._n]
        fits = _SMALLEST_VARIANCE < variance < _LARGEST_VARIANCE and math.isfinite(moment)
        return moment if fits else math.nan


KINDS = {"variance": Moments, "moments": Moments}
FINALIZERS = {
    "VARIANCE": Moments.variance,
    "STDDEV": Moments.stddev,
    "SKEW": Moments.skew,
    "KURTOSIS": Moments.kurtosis,
}
FORMS = {
    "VARIANCE": Moments.variance_form,
    "STDDEV": Moments.stddev_form,
    "SKEW": Moments.skew_form,
    "KURTOSIS": Moments.kurtosis_form,
}
