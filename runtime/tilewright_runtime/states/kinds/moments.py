"""Central moments: n, the mean, and the sums of the 2nd to 4th powers of the distances from it;
VARIANCE and its kin.

No sum of squares is ever formed (errata A7). Sets of values are merged by the formulas of T. F.
Chan, G. H. Golub and R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing
sample variances" (1979), and for the 3rd and 4th power of P. Pébay, "Formulas for robust, one-pass
parallel computation of covariances and arbitrary-order statistical moments" (Sandia report
SAND2008-6212, 2008), here in their form for any number of sets. The mean is kept as two doubles,
`mean` and the `rest` that rounding left over: near 10**9 one alone would cost half the digits of a
variance near 1.

A NaN or an infinity among the values makes the variance NaN, and so do distances whose squares do
not fit a double (beyond about 1e154); distances below about 1e-162 have squares that are 0.
`_shape` says where a skew or kurtosis is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import State

from ..base import MergeGroup, Places, Rows, StateType
from ..fields import Bytes
from ..values import Finalizer, FinalizerContext, has_count

if TYPE_CHECKING:
    import pyarrow as pa

    from ..grouped_values import GroupedValues

Floats = NDArray[np.float64]


def _mean_of(first: Floats, offset: Floats) -> tuple[Floats, Floats]:
    """`first + offset` as the nearest double and what that leaves over (D. E. Knuth's TwoSum)."""
    mean = first + offset
    part = mean - first
    rest = (first - (mean - part)) + (offset - part)
    finite = np.isfinite(mean)
    return np.where(finite, mean, np.nan), np.where(finite, rest, 0.0)


def of_values(
    values: Floats, starts: NDArray[np.int64], counts: NDArray[np.int64], order: int
) -> list[Floats]:
    """The mean, its rest and the sums of powers up to `order` of each run of values, none of which
    is empty.
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
    """The same of sets of n values each put together, along the first axis of `parts`: its rows are
    mean, rest, m2 …

    `n` is (sets, …) and `parts` (2 + powers, sets, …). Sets without values count for nothing; all
    of them empty give zeros.
    """
    with np.errstate(all="ignore"):
        weight = n.astype(np.float64)
        total = np.maximum(weight.sum(axis=0), 1.0)
        means, rests, m2, *higher = parts
        # Seen from the mean of a set that has values, the others are near, so nothing is lost to
        # their magnitude.
        some = np.argmax(n > 0, axis=0)[np.newaxis]
        first, first_rest = (
            np.take_along_axis(means, some, 0)[0],
            np.take_along_axis(rests, some, 0)[0],
        )
        shifted = np.where(n > 0, (means - first) + (rests - first_rest), 0.0)
        offset = (weight * shifted).sum(axis=0) / total
        d = np.where(n > 0, shifted - offset, 0.0)
        sums = [(m2 + weight * d**2).sum(axis=0)]
        if higher:
            m3, m4 = higher
            sums.append((m3 + 3 * d * m2 + weight * d**3).sum(axis=0))
            sums.append((m4 + 4 * d * m3 + 6 * d**2 * m2 + weight * d**4).sum(axis=0))
        return [*_mean_of(first, first_rest + offset), *sums]


@dataclass(frozen=True)
class Moments(MergeGroup):
    """The word of the number of values, and the neighbouring words mean, rest, m2 …"""

    n: int
    start: int
    stop: int

    @property
    def floats(self) -> Sequence[int]:
        """All but the number of values."""
        return range(self.start, self.stop)

    @property
    def made(self) -> Sequence[int]:
        """The same, made of the values of a tile."""
        return self.floats

    def build(self, table: pa.Table, rows: Rows) -> None:
        """Makes them of the lists in the column `{state}.values`."""
        import pyarrow.compute as pc

        values = table[f"{self.state}.values"].combine_chunks()
        counts = pc.fill_null(pc.list_value_length(values), 0).to_numpy().astype(np.int64)
        full = np.flatnonzero(counts)
        starts = (np.cumsum(counts) - counts)[full]
        found = of_values(
            values.flatten().to_numpy(), starts, counts[full], self.stop - self.start - 1
        )
        rows.view(np.float64)[full, self.start : self.stop] = np.column_stack(found)

    def merge_pairs(
        self, older: Rows, newer: Rows, rows: Rows, texts: Sequence[tuple[Bytes, Bytes]] | None
    ) -> None:
        """Each pair as two sets."""
        rows.view(np.float64)[:, self.start : self.stop] = self._merged(np.stack([older, newer]))

    def merge_runs(self, parts: Rows, rows: Rows, begins: Places, ends: Places) -> None:
        """Runs of one length are merged together: the formula for many sets is exact where pairs of
        sets would add up errors.
        """
        lengths = ends - begins
        for length in np.unique(lengths):
            of_length = np.flatnonzero(lengths == length)
            runs = parts[begins[of_length] + np.arange(length)[:, np.newaxis]]
            rows.view(np.float64)[of_length, self.start : self.stop] = self._merged(runs)

    def _merged(self, sets: Rows) -> Floats:
        parts = np.moveaxis(sets.view(np.float64)[:, :, self.start : self.stop], 2, 0)
        return np.column_stack(merged(sets[:, :, self.n], parts))

    def merge_tiles(self, parts: Rows, numbers: list[Any]) -> None:
        """All parts as sets of their own."""
        found = merged(parts[:, self.n], parts.view(np.float64)[:, self.start : self.stop].T)
        numbers[self.start : self.stop] = map(float, found)

    def magnitudes(self, rows: Rows) -> Mapping[int, float]:
        """The mean and the spread, and n times that power of the spread which a sum is of."""
        n, (mean, _, *sums) = (
            int(rows[0, self.n]),
            rows.view(np.float64)[0, self.start : self.stop].tolist(),
        )
        spread = math.sqrt(sums[0] / max(n, 1))
        powers = [n * spread**power for power in range(2, len(sums) + 2)]
        return dict(
            zip(self.floats, [abs(mean) + spread, abs(mean) + spread, *powers], strict=True)
        )


def _merge_group(state: str, words: Mapping[str, int], dtypes: Mapping[str, str]) -> MergeGroup:
    # The words stand side by side, since those of all moments keep the order of the states.
    return Moments(state, words["n"], words["mean"], words["mean"] + len(words) - 1)


def _moments(*sums: str) -> StateType:
    def numbers(state: State, runs: GroupedValues) -> Mapping[str, NDArray[Any]]:
        found = of_values(runs.doubles(state.type), runs.starts, runs.counts, len(sums) + 1)
        return {"n": runs.counts, **dict(zip(("mean", "rest", *sums), found, strict=True))}

    return StateType(numbers=numbers, merge_group=_merge_group, has_value=has_count)


KINDS = {"variance": _moments("m2"), "moments": _moments("m2", "m3", "m4")}

#: A skew or kurtosis is not made from a variance whose square lies near or beyond the ends of what
#: a double can hold.
_SMALLEST_VARIANCE, _LARGEST_VARIANCE = 1e-150, 1e150


def _variance(numbers: Sequence[Any], n: int, m2: int) -> float | None:
    """Null without values; NaN where a value is not finite, or the square of a distance does not
    fit a double.
    """
    if not numbers[n]:
        return None
    variance = numbers[m2] / numbers[n]
    return variance if math.isfinite(variance) else math.nan


def _spread(of: Callable[[float], float]) -> Callable[[FinalizerContext], Finalizer]:
    def spread(inputs: FinalizerContext) -> Finalizer:
        n, m2 = inputs.word(0, "n"), inputs.word(0, "m2")

        def value(numbers: Sequence[Any], _: Mapping[str, Any]) -> float | None:
            variance = _variance(numbers, n, m2)
            return None if variance is None else of(variance)

        return value

    return spread


def _shape(
    field: str, of: Callable[[float, float], float]
) -> Callable[[FinalizerContext], Finalizer]:
    def shape(inputs: FinalizerContext) -> Finalizer:
        n, m2, power = inputs.word(0, "n"), inputs.word(0, "m2"), inputs.word(0, field)

        def value(numbers: Sequence[Any], _: Mapping[str, Any]) -> float | None:
            variance = _variance(numbers, n, m2)
            if not variance:
                return None
            moment = numbers[power] / numbers[n]
            fits = _SMALLEST_VARIANCE < variance < _LARGEST_VARIANCE and math.isfinite(moment)
            return of(moment, variance) if fits else math.nan

        return value

    return shape


FINALIZERS = {
    "VARIANCE": _spread(lambda variance: variance),
    "STDDEV": _spread(math.sqrt),
    "SKEW": _shape("m3", lambda third, variance: third / variance / math.sqrt(variance)),
    "KURTOSIS": _shape("m4", lambda fourth, variance: fourth / variance / variance - 3),
}
