"""Quantiles of t-digests that lie side by side.

Digests are not merged to a new one, which would blur them: the centroids of all are ordered by
their means, and values are interpolated between them. The kernel does the same, term by term.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .kernel import kernel_of

Floats = NDArray[np.float64]

#: The bytes of a digest of Apache DataSketches begin with the number of their preamble's longs, the
#: version, the type of sketch and flags; then come the numbers of centroids and of single values,
#: the smallest and the largest value, the centroids and the single values.
_PREAMBLE = struct.Struct("<BBBHBH")
_COUNTS = struct.Struct("<IIdd")
_LONGS, _VERSION, _TYPE = 2, 1, 20
_IS_EMPTY, _IS_SINGLE = 1, 2
_CENTROID = np.dtype([("mean", "<f8"), ("weight", "<u8")])


class DigestUnion:
    """Digests side by side."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        """Take the bytes of digests."""
        self.parts = parts

    def is_empty(self) -> bool:
        """Tell whether there is no value."""
        return not len(self._union.means)

    def get_quantile(self, rank: float) -> float:
        """Find the value of a rank in [0, 1]."""
        return self._union.quantile(rank)

    def quantiles(self, ranks: Sequence[float]) -> list[float] | None:
        """Find the values of some ranks, None without values."""
        if (native := kernel_of(self.parts)) is not None:
            values: list[float] | None = native.digest_quantiles(self.parts, list(ranks))
            if values is not None:
                return values
        return None if self.is_empty() else [self._union.quantile(rank) for rank in ranks]

    @cached_property
    def _union(self) -> Centroids:
        return union([centroids(part) for part in self.parts])


class Centroids:
    """Centroids in the order of their means."""

    def __init__(self, means: Floats, weights: Floats, smallest: float, largest: float) -> None:
        self.means, self.weights = means, weights
        self.smallest, self.largest = smallest, largest

    @cached_property
    def _total(self) -> float:
        return float(self.weights.sum())

    @cached_property
    def _reached(self) -> Floats:
        """The weight before the middle of each centroid."""
        before = np.concatenate([[0.0], self.weights[:-1]])
        reached: Floats = np.cumsum((before + self.weights) / 2)
        return reached

    def quantile(self, rank: float) -> float:
        """Find the value of a rank; there are centroids."""
        first, last = float(self.weights[0]), float(self.weights[-1])
        if len(self.means) == 1:
            return float(self.means[0])
        weight = rank * self._total
        if weight < 1:
            return self.smallest
        if weight > self._total - 1:
            return self.largest
        if weight < first / 2:
            return _between(self.smallest, float(self.means[0]), (weight - 1) / (first / 2 - 1))
        left = self._total - weight
        if left < last / 2:
            part = 1 - (left - 1) / (last / 2 - 1)
            return _between(float(self.means[-1]), self.largest, part)
        return self._interior(weight)

    def _interior(self, weight: float) -> float:
        index = 1 + int(np.searchsorted(self._reached[1:], weight, side="right"))
        if index == len(self.means):
            return float(self.means[-1])
        low, high = self.means[index - 1 : index + 1].tolist()
        # A single value reaches half a rank to either side.
        below, above = (self.weights[index - 1 : index + 1] == 1) * 0.5
        from_low = float(weight - self._reached[index - 1] - below)
        from_high = float(self._reached[index] - weight - above)
        if from_low < 0:
            return float(low)
        if from_high <= 0:
            return float(high)
        return _between(low, high, from_low / (from_low + from_high))


def _between(low: float, high: float, part: float) -> float:
    """Go a part of the way from `low` to `high`.

    It is never beyond `high`.
    """
    if part <= 0 or low == high:
        return low
    if part >= 1:
        return high
    return min(max(low * (1 - part) + high * part, low), high)


def union(digests: Sequence[Centroids]) -> Centroids:
    """Put digests side by side."""
    held = [digest for digest in digests if len(digest.means)]
    if not held:
        return _EMPTY
    means = np.concatenate([digest.means for digest in held])
    weights = np.concatenate([digest.weights for digest in held])
    order = np.argsort(means, kind="stable")
    smallest = min(digest.smallest for digest in held)
    largest = max(digest.largest for digest in held)
    return Centroids(means[order], weights[order], smallest, largest)


def centroids(part: bytes) -> Centroids:
    """Read the centroids of a digest.

    Other forms than the library's own, such as those of other languages, are read by the library.
    """
    if len(part) < _PREAMBLE.size or part[1] != _VERSION or part[2] != _TYPE:
        import datasketches as ds

        part = ds.tdigest_double.deserialize(part).serialize()
    flags, at = part[5], _PREAMBLE.size
    if flags & _IS_EMPTY:
        return _EMPTY
    if flags & _IS_SINGLE:
        (value,) = struct.unpack_from("<d", part, at)
        return Centroids(np.array([value]), np.ones(1), value, value)
    merged, buffered, smallest, largest = _COUNTS.unpack_from(part, at)
    at += _COUNTS.size
    pairs = np.frombuffer(part, _CENTROID, merged, at)
    singles = np.frombuffer(part, "<f8", buffered, at + pairs.nbytes)
    means = np.concatenate([pairs["mean"], singles])
    weights = np.concatenate([pairs["weight"].astype(np.float64), np.ones(buffered)])
    return Centroids(means, weights, smallest, largest)


def joined_digests(parts: Sequence[bytes]) -> bytes:
    """Write the centroids of some digests as those of one.

    It has as many as they have together.
    """
    whole = union(list(map(centroids, parts)))
    if not len(whole.means):
        return parts[0]
    pairs = np.empty(len(whole.means), _CENTROID)
    pairs["mean"], pairs["weight"] = whole.means, whole.weights
    head = _PREAMBLE.pack(_LONGS, _VERSION, _TYPE, 0, 0, 0)
    return head + _COUNTS.pack(len(pairs), 0, whole.smallest, whole.largest) + pairs.tobytes()


_EMPTY = Centroids(np.zeros(0), np.zeros(0), 0.0, 0.0)
