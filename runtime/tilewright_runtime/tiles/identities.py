"""Identities: words that bind records to their keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xxhash import xxh64_intdigest

from ..lazily import np
from .keys import Kind, Range, Ranges, TileKeys, levels_of, ordered_prefix

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Identities:
    """Makes the identities of the records of a fingerprint."""

    def __init__(self, fingerprint: int) -> None:
        self._fingerprint = fingerprint

    def one(self, table: str, entity: str, size_ms: int, kind: Kind) -> int:
        """Make the identity of an entity's records of one size."""
        word = self.words(table, entity, [Range(size_ms, 0, 0, kind)], [1])
        return int.from_bytes(word, "little", signed=True)

    def words(
        self, table: str, entity: str, ranges: Sequence[Range], counts: Sequence[int]
    ) -> bytes:
        """Make the words of an entity's records, so many of each range."""
        prefix, fingerprint = ordered_prefix(table, entity), self._fingerprint
        words = b""
        levels = ranges.levels if isinstance(ranges, Ranges) else levels_of(ranges)
        for level, count in zip(levels, counts):  # noqa: B905 - as long, and dearer
            number = xxh64_intdigest(prefix + level) ^ fingerprint
            words += number.to_bytes(8, "little") * count
        return words

    def of(self, keys: TileKeys) -> NDArray[np.int64]:
        """Make the identity of each of some tiles."""
        digests = [xxh64_intdigest(prefix) for prefix in keys.prefixes]
        by_entity = np.array(digests, np.uint64) ^ np.uint64(self._fingerprint)
        # Signed, as the words of a row are.
        return by_entity.view(np.int64)[np.asarray(keys.entity, np.intp)]
