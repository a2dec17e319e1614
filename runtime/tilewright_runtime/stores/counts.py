"""How many tiles a table has, level by level.

The counts are kept with the tiles, so that lost ones are missed. Beside them stands how many events
of each level were forgotten, which are not to be missed.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..errors import StoreError
from ..tiles.keys import Kind, kind_and_size, signed_size
from .base import Store, Transaction

Get = Callable[[str], bytes | None]

Level = tuple[Kind, int]
#: What is counted; the document is named by it.
What = Literal["counts", "forgotten"]


@dataclass(frozen=True)
class TileCounts:
    """The tiles of each level, or the events forgotten there.

    A level goes by its kind and size.
    """

    by_level: Mapping[Level, int] = field(default_factory=dict)

    @classmethod
    def load(cls, table: str, get: Get, what: What = "counts") -> TileCounts | None:
        """Read the counts of a table.

        Returns None if its tiles were never counted. Raises StoreError if they are damaged.
        """
        document = get(f"{what}/{table}")
        return None if document is None else cls.from_bytes(document)

    @classmethod
    def from_bytes(cls, document: bytes) -> TileCounts:
        """Undo `to_bytes`.

        Raises StoreError if the bytes are damaged.
        """
        try:
            counts = {
                kind_and_size(int(size)): operator.index(count)
                for size, count in json.loads(document).items()
            }
        except (ValueError, TypeError, AttributeError) as wrong:
            raise StoreError(
                f"the counts of tiles in the store are damaged ({wrong}). Restore a copy of the "
                "store, or write the events into a new one."
            ) from wrong
        return cls(counts)

    def to_bytes(self) -> bytes:
        """Write the document that a store keeps."""
        counts = {signed_size(*level): count for level, count in self.by_level.items()}
        return json.dumps(counts, sort_keys=True).encode()

    def plus(self, added: Mapping[Level, int]) -> TileCounts:
        """Add the new tiles of some levels."""
        by_level = dict(self.by_level)
        for level, count in added.items():
            by_level[level] = by_level.get(level, 0) + count
        return TileCounts(by_level)

    def save(self, table: str, to: Transaction | Store, what: What = "counts") -> None:
        """Write the counts.

        They are written in the transaction of the tiles, if there is one.
        """
        to.put(f"{what}/{table}", self.to_bytes())
