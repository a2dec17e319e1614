"""Fields of changing length, which are bytes in a record.

While they merge they are objects.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..lazily import np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

Bytes = bytes | None


class BytesColumn:
    """The bytes of many tiles, one after the other.

    They become objects of their own only where they are asked for.
    """

    def __init__(
        self,
        content: NDArray[np.uint8],
        bounds: NDArray[np.int64],
        is_there: NDArray[np.bool_],
        others: dict[int, bytes],
    ) -> None:
        """Take the content and where each tile's begins and ends.

        Tile i has what lies between bounds i and i + 1, but only if it `is_there`. Bytes that are
        not in the content stand in `others`, by tile, in ascending order.
        """
        self.content, self.bounds, self.is_there, self.others = content, bounds, is_there, others

    def __len__(self) -> int:
        return len(self.is_there)

    def __getitem__(self, tile: int) -> Bytes:
        if not self.is_there[tile]:
            return self.others.get(tile)
        return self.content[self.bounds[tile] : self.bounds[tile + 1]].tobytes()

    def __iter__(self) -> Iterator[Bytes]:
        return map(self.__getitem__, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (list, BytesColumn)) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def part(self, begin: int, end: int) -> BytesColumn:
        """Give neighbouring tiles, whose content is not copied."""
        tiles = list(self.others)
        others = {}
        for tile in tiles[bisect_left(tiles, begin) : bisect_left(tiles, end)]:
            others[tile - begin] = self.others[tile]
        return BytesColumn(
            self.content, self.bounds[begin : end + 1], self.is_there[begin:end], others
        )

    def is_made(self) -> NDArray[np.bool_]:
        """Tell which tiles have bytes."""
        is_made = self.is_there.copy()
        is_made[list(self.others)] = True
        return is_made

    def with_others(self, others: dict[int, bytes]) -> BytesColumn:
        """Add the bytes of tiles that have none."""
        merged = dict(sorted((self.others | others).items()))
        return BytesColumn(self.content, self.bounds, self.is_there, merged)

    def replaced(self, tiles: Sequence[int], values: Iterable[Bytes]) -> BytesColumn:
        """Give other bytes to some tiles."""
        is_there = self.is_there.copy()
        is_there[tiles] = False
        others: dict[int, Bytes] = {**self.others}
        others.update(zip(tiles, values, strict=True))
        replacements = {tile: value for tile, value in sorted(others.items()) if value is not None}
        return BytesColumn(self.content, self.bounds, is_there, replacements)

    def lengths(self) -> NDArray[np.int64]:
        """Give the length of each tile's bytes, -1 for none."""
        lengths: NDArray[np.int64] = np.where(self.is_there, np.diff(self.bounds), -1)
        for tile, value in self.others.items():
            lengths[tile] = len(value)
        return lengths


#: The bytes of many tiles.
Fields = list[Bytes] | BytesColumn


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
