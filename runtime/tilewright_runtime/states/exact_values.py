"""What all states that keep values exactly have in common: sets, counts by value, and lists of k
values.

The bytes of a state do not depend on the order in which its events arrived. They are little-endian:
the number of entries (4 bytes); for a histogram the count, for a first or last list the time in ms
of each (8 bytes each); then the values in the order that the kind keeps them: integers, decimals
without their point, days, microseconds and booleans as signed integers of 8 bytes, floats as 8
bytes, texts as the length of each in bytes (4 bytes) and then their UTF-8.

-0.0 is the same value as 0.0, and NaN is one value, the largest number, as in SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import State
from tilewright_compiler.plan.types import family

from .fields import Bytes, FieldCodec, lists

if TYPE_CHECKING:
    import pyarrow as pa

#: family of a type -> how its values are stored; all others are integers of 8 bytes
_DTYPES: dict[str | None, str] = {"float": "<f8", "text": "object"}


_NO_NUMBERS = np.zeros(0, dtype=np.int64)


class Entries(NamedTuple):
    """Values as a tile keeps them (texts as UTF-8), and the count or time that stands with each, if
    any does.
    """

    values: NDArray[Any]
    numbers: NDArray[np.int64] = _NO_NUMBERS

    def select(self, places: Any) -> Entries:
        """The chosen entries, in the order given."""
        return Entries(
            self.values[places], self.numbers[places] if len(self.numbers) else self.numbers
        )


#: What a kind keeps of some entries, in its order; applied to what it gave itself it changes
#: nothing.
Reduce = Callable[[Entries], Entries]


def encode(entries: Entries) -> bytes:
    """The bytes of some entries."""
    values, numbers = entries
    parts = [len(values).to_bytes(4, "little"), numbers.astype("<i8", copy=False).tobytes()]
    if values.dtype == object:
        texts = values.tolist()
        parts += [np.array([len(text) for text in texts], dtype="<u4").tobytes(), *texts]
    else:
        parts.append(values.tobytes())
    return b"".join(parts)


def decode(part: bytes, dtype: str, numbered: bool) -> Entries:
    """The entries that some bytes hold."""
    size = int.from_bytes(part[:4], "little")
    at = 4 + 8 * size * numbered
    numbers = np.frombuffer(part, "<i8", size, 4) if numbered else _NO_NUMBERS
    if dtype != "object":
        return Entries(np.frombuffer(part, dtype, size, at), numbers)
    start = at + 4 * size
    bounds = pairwise(accumulate(np.frombuffer(part, "<u4", size, at).tolist(), initial=start))
    return Entries(np.array([part[begin:end] for begin, end in bounds], dtype=object), numbers)


def _from_arrow(column: pa.Array, dtype: str, numbered: bool) -> Entries:
    """The flat entries of a column of lists, of lists of (t, x), or of maps from value to count;
    `numbered` ones have a number each.
    """
    import pyarrow as pa

    if pa.types.is_map(column.type):
        values, numbers = column.keys, column.items
    elif pa.types.is_struct(column.values.type):
        numbers, values = column.values.flatten()
    else:
        # Engines without a count by value give the values, each of which counts once.
        values, numbers = (
            column.values,
            pa.array(np.ones(len(column.values) if numbered else 0, dtype=np.int64)),
        )
    return Entries(
        values_of(values, dtype), numbers.to_numpy(zero_copy_only=False).astype(np.int64)
    )


def values_of(column: pa.Array, dtype: str) -> NDArray[Any]:
    """Values as a tile keeps them: texts as UTF-8, floats with one NaN and without -0.0."""
    if dtype == "object":
        return np.array(column.cast("large_binary").to_pylist(), dtype=object)
    found: NDArray[Any] = column.to_numpy(zero_copy_only=False).astype(dtype)
    return np.where(np.isnan(found), np.nan, found + 0.0) if dtype == "<f8" else found


def dtype_of(duckdb_type: str) -> str:
    """How values of a type are stored."""
    return _DTYPES.get(family(duckdb_type), "<i8")


def entry_field(state: State, keep: Reduce, numbered: bool = False) -> FieldCodec:
    """The functions of a state that keeps entries, with a number each if they are `numbered`."""
    dtype = dtype_of(state.type)

    def build(column: pa.Array) -> list[Bytes]:
        entries = _from_arrow(column, dtype, numbered)
        tiles = (entries.select(slice(*bounds)) if bounds else None for bounds in lists(column))
        # Many tiles have one value only, of which there is nothing to choose.
        return [
            None if tile is None else encode(keep(tile) if len(tile.values) > 1 else tile)
            for tile in tiles
        ]

    def merge(parts: Sequence[bytes]) -> Entries:
        found = [decode(part, dtype, numbered) for part in parts]
        if len(found) == 1:
            return found[0]
        values, numbers = zip(*found, strict=True)
        return keep(Entries(np.concatenate(values), np.concatenate(numbers)))

    return FieldCodec(merge, encode, build)
