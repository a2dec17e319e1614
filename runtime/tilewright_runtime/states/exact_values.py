"""What states that keep values exactly have in common.

They are sets, counts by value, and lists. The bytes of such a state do not depend on the order in
which its events arrived. They are little-endian: the number of entries (4 bytes); for a histogram
the count, and for a first or last list the time in ms, of each entry (8 bytes each); then the
values in the order that the kind keeps them. Integers, decimals without their point, days,
microseconds and booleans are signed integers of 8 bytes, floats are 8 bytes. Texts are the length
of each in bytes (4 bytes), and then their UTF-8.

-0.0 is the same value as 0.0, and NaN is one value, the largest number, as in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.types import family

from .base import Placement, StateType
from .fields import Bytes, list_bounds

if TYPE_CHECKING:
    import pyarrow as pa

    from .grouped_values import GroupedValues

#: family of a type -> how its values are stored; all others are integers of 8 bytes
_DTYPES: dict[str | None, str] = {"float": "<f8", "text": "object"}

_NO_NUMBERS = np.zeros(0, dtype=np.int64)


class Entries(NamedTuple):
    """Values as a tile keeps them, perhaps with numbers."""

    values: NDArray[Any]
    """Integers, doubles, or texts as UTF-8."""
    numbers: NDArray[np.int64] = _NO_NUMBERS
    """The count or the time of each value, if it has one."""

    def select(self, indices: Any) -> Entries:
        """Return the chosen entries, in the order given."""
        numbers = self.numbers[indices] if len(self.numbers) else self.numbers
        return Entries(self.values[indices], numbers)


class ExactState(StateType):
    """A state that keeps all entries, or chosen ones."""

    numbered: ClassVar[bool] = False
    """Whether a count or a time stands with each value."""

    def __init__(self, placement: Placement) -> None:
        super().__init__(placement)
        self.dtype = dtype_of(self.state.type)

    def reduce(self, entries: Entries) -> Entries:
        """Choose what to keep, in the kind's order.

        Choosing again from what was chosen changes nothing.
        """
        raise NotImplementedError

    def collect(self, values: GroupedValues) -> pa.Array:
        """Collect each group as the tile query would.

        Here that is a list of the values.
        """
        return values.listed(values.arrow(values.values))

    def from_values(self, values: GroupedValues) -> Mapping[str, list[Bytes]]:
        """Make the entries of each group."""
        return {"entries": self.from_column(self.collect(values))}

    def from_column(self, column: pa.Array) -> list[Bytes]:
        """Make the entries of each tile."""
        entries = _from_arrow(column, self.dtype, self.numbered)
        return [
            None if bounds is None else self._encode_slice(entries, bounds)
            for bounds in list_bounds(column)
        ]

    def _encode_slice(self, entries: Entries, bounds: tuple[int, int]) -> bytes:
        tile = entries.select(slice(*bounds))
        # Many tiles have only one value, so there is nothing to choose.
        return encode(self.reduce(tile) if len(tile.values) > 1 else tile)

    def merge(self, parts: Sequence[bytes], /) -> Entries:
        """Merge the entries of some tiles."""
        decoded = [decode(part, self.dtype, self.numbered) for part in parts]
        if len(decoded) == 1:
            return decoded[0]
        values, numbers = zip(*decoded, strict=True)
        return self.reduce(Entries(np.concatenate(values), np.concatenate(numbers)))

    def encode(self, merged: Entries, /) -> bytes:
        """Encode entries."""
        return encode(merged)

    def join(self, parts: Sequence[bytes], /) -> bytes:
        """Put all entries of some tiles together."""
        return encode(self.merge(parts))


def encode(entries: Entries) -> bytes:
    """Encode entries."""
    values, numbers = entries
    parts = [len(values).to_bytes(4, "little"), numbers.astype("<i8", copy=False).tobytes()]
    if values.dtype == object:
        texts = values.tolist()
        lengths = np.fromiter(map(len, texts), dtype="<u4", count=len(texts))
        parts += [lengths.tobytes(), *texts]
    else:
        parts.append(values.tobytes())
    return b"".join(parts)


def decode(part: bytes, dtype: str, numbered: bool) -> Entries:
    """Decode entries."""
    size = int.from_bytes(part[:4], "little")
    at = 4 + 8 * size * numbered
    numbers = np.frombuffer(part, "<i8", size, 4) if numbered else _NO_NUMBERS
    if dtype != "object":
        return Entries(np.frombuffer(part, dtype, size, at), numbers)
    start = at + 4 * size
    bounds = pairwise(accumulate(np.frombuffer(part, "<u4", size, at).tolist(), initial=start))
    return Entries(np.array([part[begin:end] for begin, end in bounds], dtype=object), numbers)


def _from_arrow(column: pa.Array, dtype: str, numbered: bool) -> Entries:
    """Flatten the entries of a column.

    The column holds lists, lists of (t, x), or maps to counts.
    """
    import pyarrow as pa

    if pa.types.is_map(column.type):
        values, numbers = column.keys, column.items
    elif pa.types.is_struct(column.values.type):
        numbers, values = column.values.flatten()
    else:
        # Engines without a count by value give the values, each of which counts once.
        values = column.values
        numbers = pa.array(np.ones(len(values) if numbered else 0, dtype=np.int64))
    counts_or_times = numbers.to_numpy(zero_copy_only=False).astype(np.int64)
    return Entries(values_of(values, dtype), counts_or_times)


def values_of(column: pa.Array, dtype: str) -> NDArray[Any]:
    """Convert values to what a tile keeps.

    Texts become UTF-8; floats have one NaN and no -0.0.
    """
    if dtype == "object":
        return np.array(column.cast("large_binary").to_pylist(), dtype=object)
    values: NDArray[Any] = column.to_numpy(zero_copy_only=False).astype(dtype)
    return np.where(np.isnan(values), np.nan, values + 0.0) if dtype == "<f8" else values


def dtype_of(duckdb_type: str) -> str:
    """Name how values of a type are stored."""
    return _DTYPES.get(family(duckdb_type), "<i8")
