"""Quantiles of KLL sketches that lie side by side.

The library merges sketches by dropping every other value, and draws by chance which it drops first.
Side by side nothing is dropped, so the same sketches answer the same in any order. The kernel does
the same.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .kernel import kernel_of

Floats = NDArray[np.float64]
Weights = NDArray[np.int64]

#: What the bytes of a list of values begin with; a sketch never begins so.
LISTED = bytes(8)

#: The bytes of a sketch of Apache DataSketches begin with the number of their preamble's words, the
#: version, the family, flags, k and m. One value follows by itself. Otherwise come the number of
#: values, the least k, the number of levels, where each of them begins among the retained values,
#: the smallest and the largest value, and the retained values from the lowest level on.
_PREAMBLE = struct.Struct("<BBBBHBx")
_COUNTS = struct.Struct("<QHBx")
_WORDS, _VERSION, _VERSION_OF_SINGLES, _FAMILY = 5, 1, 2, 15
#: How many values a level of a sketch has room for at least.
_LEAST_WIDTH = 8
_IS_EMPTY, _IS_SINGLE = 1, 4


class Retained(NamedTuple):
    """The values that a sketch retains."""

    values: Floats
    weights: Weights
    """How many values each stands for."""
    smallest: float
    largest: float


class KllUnion:
    """KLL sketches and listed values side by side."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        """Take the bytes of sketches, or of lists of values."""
        self.parts = parts

    def is_empty(self) -> bool:
        """Tell whether there is no value."""
        return not self._retained

    def quantiles(self, ranks: Sequence[float]) -> list[float] | None:
        """Find the values of some ranks, None without values."""
        if (native := kernel_of(self.parts)) is not None:
            values: list[float] | None = native.kll_quantiles(self.parts, list(ranks))
            if values is not None:
                return values
        return None if self.is_empty() else [self.get_quantile(rank) for rank in ranks]

    def get_quantile(self, rank: float) -> float:
        """Find the smallest value whose rank suffices.

        Its rank reaches the one asked for, as in Spark. The ends are known exactly.
        """
        if rank == 0:
            return min(one.smallest for one in self._retained)
        if rank == 1:
            return max(one.largest for one in self._retained)
        values, reached = self._ordered
        index = np.searchsorted(reached, math.ceil(rank * int(reached[-1])))
        return float(values[index])

    @cached_property
    def _retained(self) -> list[Retained]:
        """Read the parts that hold a value."""
        parts = map(retained, self.parts)
        return [part for part in parts if len(part.values)]

    @cached_property
    def _ordered(self) -> tuple[Floats, Weights]:
        """Sort the retained values, with their cumulated weights."""
        values = np.concatenate([one.values for one in self._retained])
        weights = np.concatenate([one.weights for one in self._retained])
        order = np.argsort(values, kind="stable")
        return values[order], np.cumsum(weights[order])


def retained(part: bytes) -> Retained:
    """Read what a sketch or a list of values retains.

    Other forms than the library's own are read by the library.
    """
    if part.startswith(LISTED):
        return _alike(listed_values(part))
    if len(part) < _PREAMBLE.size or part[2] != _FAMILY or part[1] > _VERSION_OF_SINGLES:
        import datasketches as ds

        part = ds.kll_doubles_sketch.deserialize(part).serialize()
    if part[3] & _IS_EMPTY:
        return _alike(np.zeros(0))
    if part[3] & _IS_SINGLE:
        return _alike(np.frombuffer(part, "<f8", 1, _PREAMBLE.size))
    _, _, levels = _COUNTS.unpack_from(part, _PREAMBLE.size)
    at = _PREAMBLE.size + _COUNTS.size
    begins = np.frombuffer(part, "<u4", levels, at).astype(np.int64)
    at += begins.size * 4
    smallest, largest = struct.unpack_from("<2d", part, at)
    values = np.frombuffer(part, "<f8", -1, at + 16)
    counts = np.diff(begins, append=begins[0] + len(values))
    weights = np.repeat(np.left_shift(1, np.arange(levels)), counts)
    return Retained(values, weights, smallest, largest)


def joined_sketches(parts: Sequence[bytes], k: int) -> bytes:
    """Write all that sketches retain as one sketch.

    It has as many values of each weight as they have together, for which the library has no room:
    `retained` and the kernel read it.
    """
    held = [one for one in map(retained, parts) if len(one.values)]
    if not held:
        return parts[0]
    values = np.concatenate([one.values for one in held])
    weights = np.concatenate([one.weights for one in held])
    ordered = np.lexsort((values, weights))
    levels = int(weights.max()).bit_length()
    begins = np.searchsorted(weights[ordered], np.left_shift(1, np.arange(levels)))
    smallest, largest = min(one.smallest for one in held), max(one.largest for one in held)
    return b"".join(
        [
            _PREAMBLE.pack(_WORDS, _VERSION, _FAMILY, 0, k, _LEAST_WIDTH),
            _COUNTS.pack(int(weights.sum()), k, levels),
            begins.astype("<u4").tobytes(),
            struct.pack("<2d", smallest, largest),
            values[ordered].astype("<f8").tobytes(),
        ]
    )


def listed_values(part: bytes) -> Floats:
    """Read a list of values.

    Those that are no number are left out, as the library does.
    """
    values = np.frombuffer(part, np.float64, offset=len(LISTED))
    return values[~np.isnan(values)]


def _alike(values: Floats) -> Retained:
    """Make values that stand for themselves."""
    weights = np.ones(len(values), np.int64)
    if not len(values):
        return Retained(values, weights, 0.0, 0.0)
    return Retained(values, weights, float(values.min()), float(values.max()))
