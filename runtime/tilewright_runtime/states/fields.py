"""Fields of changing length, which are bytes in a record.

While they merge they are objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Bytes = bytes | None


class FieldCodec:
    """Merges and encodes one field of changing length.

    No method changes its arguments.
    """

    merges_gathered = False
    """Whether `merge` takes parts as the kernel gathered them, which makes no bytes of them."""

    def merge(self, parts: Sequence[bytes], /) -> Any:
        """Merge the bytes of one or more tiles."""
        raise NotImplementedError

    def encode(self, merged: Any, /) -> bytes:
        """Encode a merged object."""
        raise NotImplementedError

    def join(self, parts: Sequence[bytes], /) -> bytes:
        """Put the bytes of some tiles together, without any loss.

        To merge the result with what comes after them gives what merging all of them gives.
        """
        return self.encode(self.merge(parts))

    def merge_pairs(self, older: Sequence[Bytes], newer: Sequence[Bytes], /) -> list[Bytes]:
        """Merge the bytes of each tile with its partner's.

        The partner stands at the same index.
        """
        merged: list[Bytes] = []
        for old, new in zip(older, newer, strict=True):
            if old is None or new is None:
                merged.append(new if old is None else old)
            else:
                merged.append(self.merge_pair(old, new))
        return merged

    def merge_pair(self, old: bytes, new: bytes, /) -> bytes:
        """Merge the bytes of two tiles."""
        return self.encode(self.merge([old, new]))

    def merge_run(self, parts: Sequence[Bytes], /) -> Bytes:
        """Merge the bytes of neighbouring tiles.

        Returns None if no tile has any.
        """
        present = [part for part in parts if part is not None]
        if len(present) < 2:
            return present[0] if present else None
        return self.encode(self.merge(present))


def encode_texts(column: pa.Array) -> list[Bytes]:
    """Encode texts as UTF-8.

    Its order by bytes is SQL's order by code points.
    """
    encoded: list[Bytes] = column.cast("large_binary").to_pylist()
    return encoded


def list_bounds(column: pa.Array) -> Iterator[tuple[int, int] | None]:
    """Yield the bounds of each list.

    They are bounds in the column's flat values; a missing list gives None.
    """
    offsets = column.offsets.to_numpy().tolist()
    valid = column.is_valid().to_numpy(zero_copy_only=False).tolist()
    for bounds, is_valid in zip(pairwise(offsets), valid, strict=True):
        yield bounds if is_valid else None
