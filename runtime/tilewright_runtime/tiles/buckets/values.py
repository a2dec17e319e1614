"""A table in memory: ascending values with small records."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...states.base import Rows

Values = NDArray[Any]


class Table(NamedTuple):
    """Values with their small records, those of one tile ascending."""

    values: Values
    rows: Rows
    """The numbers of each value, (values, words)."""
    parts: dict[str, list[list[bytes]]]
    """By field of changing length, the parts that make up the bytes of each value."""


def distinct_of(values: Values) -> tuple[Values, NDArray[np.int64]]:
    """Find the different values, ascending.

    Also returns the index of each value among them.
    """
    if values.dtype != object:
        distinct, indices = np.unique(values, return_inverse=True)
        return distinct, indices
    ordered = sorted(set(values.tolist()))  # far quicker than numpy's sorting of all texts
    index_of = {text: i for i, text in enumerate(ordered)}
    indices = np.fromiter(map(index_of.__getitem__, values.tolist()), np.int64, len(values))
    return np.array(ordered, dtype=object), indices
