"""Central moments: n, the mean, and the sums of the 2nd to 4th powers of the distances from it, made and merged.

No sum of squares is ever formed (errata A7). Sets of values are merged by the formulas of T. F. Chan, G. H. Golub and
R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979), and for the 3rd and 4th
power of P. Pébay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical
moments" (Sandia report SAND2008-6212, 2008), here in their form for any number of sets. The mean is kept as two doubles,
`mean` and the `rest` that rounding left over: near 10**9 one alone would cost half the digits of a variance near 1.

A NaN or an infinity among the values makes the variance NaN, and so do distances whose squares do not fit a double (beyond
about 1e154); distances below about 1e-162 have squares that are 0. The finalizer says where a skew or kurtosis is NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _mean_of(first: Floats, offset: Floats) -> tuple[Floats, Floats]:
    """`first + offset` as the nearest double and what that leaves over (D. E. Knuth's TwoSum)."""
    mean = first + offset
    part = mean - first
    rest = (first - (mean - part)) + (offset - part)
    finite = np.isfinite(mean)
    return np.where(finite, mean, np.nan), np.where(finite, rest, 0.0)


def of_values(values: Floats, starts: NDArray[np.int64], counts: NDArray[np.int64], order: int) -> list[Floats]:
    """The mean, its rest and the sums of powers up to `order` of each run of values, none of which is empty."""
    with np.errstate(all="ignore"):
        first = values[starts]
        # Distances from a value of the run are exact enough to be averaged, whatever the magnitude of the values.
        shifted = values - np.repeat(first, counts)
        offset = np.add.reduceat(shifted, starts) / counts
        distance = shifted - np.repeat(offset, counts)
        sums = [np.add.reduceat(distance**power, starts) for power in range(2, order + 1)]
        return [*_mean_of(first, offset), *sums]


def merged(n: NDArray[np.int64], parts: Floats) -> list[Any]:
    """The same of sets of n values each put together, along the first axis of `parts`: its rows are mean, rest, m2 …

    `n` is (sets, …) and `parts` (2 + powers, sets, …). Sets without values count for nothing; all of them empty give zeros.
    """
    with np.errstate(all="ignore"):
        weight = n.astype(np.float64)
        total = np.maximum(weight.sum(axis=0), 1.0)
        means, rests, m2, *higher = parts
        # Seen from the mean of a set that has values, the others are near, so nothing is lost to their magnitude.
        some = np.argmax(n > 0, axis=0)[np.newaxis]
        first, first_rest = np.take_along_axis(means, some, 0)[0], np.take_along_axis(rests, some, 0)[0]
        shifted = np.where(n > 0, (means - first) + (rests - first_rest), 0.0)
        offset = (weight * shifted).sum(axis=0) / total
        d = np.where(n > 0, shifted - offset, 0.0)
        sums = [(m2 + weight * d**2).sum(axis=0)]
        if higher:
            m3, m4 = higher
            sums.append((m3 + 3 * d * m2 + weight * d**3).sum(axis=0))
            sums.append((m4 + 4 * d * m3 + 6 * d**2 * m2 + weight * d**4).sum(axis=0))
        return [*_mean_of(first, first_rest + offset), *sums]
