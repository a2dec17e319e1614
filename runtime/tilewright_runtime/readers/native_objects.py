"""Reads JSON objects into columns by the kernel."""

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

#: Declared types whose values are read as numbers, and what the kernel reads them as.
_NUMBERS = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), "BIGINT"),
    "DOUBLE": "DOUBLE",
}
_ARROW = {"BIGINT": pa.int64(), "DOUBLE": pa.float64()}
#: What the bounds of a column of texts can count.
_MOST_BYTES = 2**31 - 1
#: Marks, bounds and content; numbers have no bounds.
_TEXT_PARTS = 3


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
        self._members = [(column.name, _read_as(column.type)) for column in columns]
        native = kernel()
        self._objects = native.JsonObjects(self._members, keeps_digits) if native else None

    def read(self, texts: Texts, as_numbers: bool) -> NativeRows | None:
        """Read columns; None where the kernel reads none.

        They are of text, or with `as_numbers` those of numbers are numbers, if every text is a
        plainly simple object and all its numbers are in range.
        """
        if self._objects is None or len(texts.data) > _MOST_BYTES:
            return None
        fields, read, left = self._objects.read(texts.data, texts.starts, texts.ends, as_numbers)
        row_indices = np.frombuffer(read, np.int64)
        columns = {}
        for (name, kind), (*buffers, nulls) in zip(self._members, fields, strict=True):
            parts = list(map(pa.py_buffer, buffers))
            arrow = pa.string() if len(parts) == _TEXT_PARTS else _ARROW[kind]
            columns[name] = pa.Array.from_buffers(arrow, len(row_indices), parts, nulls)
        return NativeRows(columns, row_indices, np.frombuffer(left, np.int64))


def _read_as(declared: str) -> str:
    """Name the type as which the kernel reads another."""
    return "VARCHAR" if element(declared) == "VARCHAR" else _NUMBERS.get(declared, "")
