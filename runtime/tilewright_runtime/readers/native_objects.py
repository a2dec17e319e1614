"""Reads JSON objects in the kernel, as columns of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Column
from tilewright_compiler.plan.types import element

from ..states.kernel import kernel
from .texts import Texts

#: What the bounds of a column of texts can count.
_MOST_BYTES = 2**31 - 1


class NativeRows(NamedTuple):
    """Columns of the objects that were read, and their places.

    `left` has the places of texts that the kernel leaves to the reader in DuckDB.
    """

    columns: dict[str, pa.Array]
    places: NDArray[np.int64]
    left: NDArray[np.int64]


class NativeObjects:
    """Reads the plainly simple objects among texts.

    `keeps_digits` says that long numbers are not rounded.
    """

    def __init__(self, columns: Sequence[Column], keeps_digits: bool) -> None:
        self._names = [column.name for column in columns]
        native = kernel()
        members = [(column.name, element(column.type) == "VARCHAR") for column in columns]
        self._objects = native.JsonObjects(members, keeps_digits) if native else None

    def read(self, texts: Texts) -> NativeRows | None:
        """Read columns of text; None where the kernel reads none."""
        if self._objects is None or len(texts.data) > _MOST_BYTES:
            return None
        fields, read, left = self._objects.read(texts.data, texts.starts, texts.ends)
        row_indices = np.frombuffer(read, np.int64)
        columns = {}
        for name, (*buffers, nulls) in zip(self._names, fields, strict=True):
            parts = list(map(pa.py_buffer, buffers))
            columns[name] = pa.Array.from_buffers(pa.string(), len(row_indices), parts, nulls)
        return NativeRows(columns, row_indices, np.frombuffer(left, np.int64))
