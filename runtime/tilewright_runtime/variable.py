"""What all states of changing length have in common: bytes in a record, objects while they are merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Bytes = bytes | None


@dataclass(frozen=True)
class VariableKind:
    """What a state of changing length can do; every function leaves its arguments as they are."""

    build: Callable[[pa.Array], list[Bytes]]
    """A column of the tile query (one value a tile) to the bytes of each tile."""
    merge: Callable[[Sequence[bytes]], Any]
    """The bytes of some tiles (at least one) to one merged object."""
    encode: Callable[[Any], bytes]
    """A merged object to bytes."""


def lists(column: pa.Array) -> Iterator[tuple[int, int] | None]:
    """The bounds of each list in the column's flat values, or None."""
    offsets = column.offsets.to_numpy().tolist()
    valid = column.is_valid().to_numpy(zero_copy_only=False).tolist()
    return (bounds if ok else None for bounds, ok in zip(pairwise(offsets), valid, strict=True))
