"""What all states of changing length have in common: bytes in a record, objects while they are
merged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

Bytes = bytes | None


class VariableKind(Protocol):
    """What a field of changing length can do; every function leaves its arguments as they are."""

    def merge(self, parts: Sequence[bytes], /) -> Any:
        """The bytes of some tiles (at least one) to one merged object."""

    def encode(self, merged: Any, /) -> bytes:
        """A merged object to bytes."""

    def merge_pairs(self, older: Sequence[Bytes], newer: Sequence[Bytes], /) -> list[Bytes]:
        """The bytes of tiles merged with those of the tile at the same place."""


@dataclass(frozen=True)
class FieldCodec:
    """The field of changing length of a state."""

    merge: Callable[[Sequence[bytes]], Any]
    encode: Callable[[Any], bytes]
    build: Callable[[pa.Array], list[Bytes]]
    """A column of the tile query (one value a tile) to the bytes of each tile."""

    def merge_pairs(self, older: Sequence[Bytes], newer: Sequence[Bytes], /) -> list[Bytes]:
        """One pair after the other."""
        return [self._merge_pair(old, new) for old, new in zip(older, newer, strict=True)]

    def _merge_pair(self, old: Bytes, new: Bytes) -> Bytes:
        if old is None or new is None:
            return new if old is None else old
        return self.encode(self.merge([old, new]))


def text_field(extreme: Callable[[Sequence[bytes]], bytes]) -> FieldCodec:
    """A text, kept as UTF-8: that sorts by bytes as it does by code points, which is the order of
    SQL's binary collation.
    """
    return FieldCodec(
        merge=extreme,
        encode=lambda text: text,
        build=lambda column: column.cast("large_binary").to_pylist(),
    )


def lists(column: pa.Array) -> Iterator[tuple[int, int] | None]:
    """The bounds of each list in the column's flat values, or None."""
    offsets = column.offsets.to_numpy().tolist()
    valid = column.is_valid().to_numpy(zero_copy_only=False).tolist()
    return (bounds if ok else None for bounds, ok in zip(pairwise(offsets), valid, strict=True))
