"""Inserts few values among many that are sorted.

The many are not taken apart.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .exact_values import Entries, decode

#: How many times more values one side must have for the other to be inserted.
FEW = 8


def insert(many: bytes, few: bytes, dtype: str, numbered: bool) -> bytes:
    """Merge few encoded values into many.

    Both ascend without repetition; counts are added up. The cost is that of looking up the few and
    of copying the bytes of the many.
    """
    added = decode(few, dtype, numbered)
    size = int.from_bytes(many[:4], "little")
    start = 4 + 8 * size * numbered
    counts = np.frombuffer(many, "<i8", size if numbered else 0, 4)
    if dtype == "object":
        lengths = np.frombuffer(many, "<u4", size, start)
        offsets = np.cumsum(lengths, dtype=np.int64) + (start + 4 * size)
        starts = offsets - lengths
        indices, known = _find_texts(many, starts, offsets, added.values.tolist())
        new, at = added.values[~known].tolist(), indices[~known]
        new_lengths = np.fromiter(map(len, new), "<u4", len(new))
        tail = [np.insert(lengths, at, new_lengths).tobytes()]
        tail += _splice(many, start + 4 * size, [*starts.tolist(), len(many)], at.tolist(), new)
    else:
        values = np.frombuffer(many, dtype, size, start)
        indices, known = _find_numbers(values, added.values)
        at = indices[~known]
        tail = [np.insert(values, at, added.values[~known]).tobytes()]
    if numbered:
        tail.insert(0, _add_counts(counts, added, indices, known))
    return b"".join([(size + len(at)).to_bytes(4, "little"), *tail])


def _find_numbers(
    values: NDArray[Any], added: NDArray[Any]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Find where each value belongs, and whether it is there.

    NaN is the largest value.
    """
    indices = np.searchsorted(values, added)
    there = values[np.minimum(indices, len(values) - 1)]
    known = (indices < len(values)) & ((there == added) | ((there != there) & (added != added)))
    return indices, known


def _find_texts(
    part: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], added: list[bytes]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Find where each text belongs, and whether it is there."""

    def text(index: int) -> bytes:
        return part[starts[index] : ends[index]]

    every = range(len(starts))
    indices = [bisect_left(every, wanted, key=text) for wanted in added]
    known = [
        index < len(starts) and text(index) == wanted
        for index, wanted in zip(indices, added, strict=True)
    ]
    return np.array(indices, dtype=np.intp), np.array(known, dtype=bool)


def _splice(
    part: bytes, start: int, offsets: list[int], at: list[int], new: list[bytes]
) -> list[bytes]:
    """Cut texts where new ones belong, and join all."""
    pieces = []
    for index, text in zip(at, new, strict=True):
        pieces += [part[start : offsets[index]], text]
        start = offsets[index]
    return [*pieces, part[start:]]


def _add_counts(
    counts: NDArray[np.int64],
    added: Entries,
    indices: NDArray[np.intp],
    known: NDArray[np.bool_],
) -> bytes:
    counts = counts.copy()
    counts[indices[known]] += added.numbers[known]
    return np.insert(counts, indices[~known], added.numbers[~known]).tobytes()
