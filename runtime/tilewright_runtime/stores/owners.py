"""Finds whose record stands in another's place.

A record holds no name, only a digest of its key, so the entities of the store are tried.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from xxhash import xxh64_intdigest

from ..errors import StoreError
from ..tiles.header import FINGERPRINT, header_of, start_of
from ..tiles.keys import level_bytes, ordered_prefix, tile_key
from ..tiles.records import is_intact
from ..times import iso
from .base import Store

if TYPE_CHECKING:
    from .counts import Level

#: Entities that are tried for one record; to try them takes some tenths of a second.
MOST_ENTITIES = 100_000
#: Records whose owner is looked for, and remembered. A server whose store is damaged in more places
#: has to answer the keys that are sound.
_MOST_RECORDS = 64


class Owners:
    """The owners of misplaced records in one store."""

    def __init__(self, store: Store, most_entities: int | None = MOST_ENTITIES) -> None:
        self._store = store
        self._most = most_entities
        self._known: dict[bytes, str | None] = {}

    def find(self, record: bytes, levels: Sequence[Level]) -> str | None:
        """Name the tile that a record was written as.

        None if it is that of no entity that was tried, or if many were looked for before.
        """
        if record not in self._known and len(self._known) < _MOST_RECORDS:
            (self._known[record],) = self.find_all([record], levels)
        return self._known.get(record)

    def find_all(self, records: Sequence[bytes], levels: Sequence[Level]) -> list[str | None]:
        """Name the tiles of some records, in one walk over the entities.

        Of a record whose plan is all that can be told the plan is named.
        """
        search = _Search(self._store, records, levels)
        with suppress(StoreError):
            for table, entity in islice(self._store.entities(), self._most):
                if search.look_at(table, entity):
                    break
        return search.owners


class _Search:
    """What is known in the middle of a walk."""

    def __init__(self, store: Store, records: Sequence[bytes], levels: Sequence[Level]) -> None:
        self._store = store
        self._records = records
        self._levels = levels
        self.owners: list[str | None] = [None] * len(records)
        self._left = len(records)
        #: By table the records that are of its plan by the digests of their keys, and its levels.
        self._tables: dict[str, tuple[dict[int, list[int]], Sequence[Level]]] = {}

    def look_at(self, table: str, entity: str) -> bool:
        """Try an entity, and tell whether all owners are known."""
        if table not in self._tables:
            self._tables[table] = self._of_plan(table)
        wanted, levels = self._tables[table]
        if wanted:
            prefix = ordered_prefix(table, entity)
            for kind, size_ms in levels:
                for i in wanted.pop(xxh64_intdigest(prefix + level_bytes(kind, size_ms)), ()):
                    start_ms = start_of(self._records[i])
                    self.owners[i] = f"tile {tile_key(table, entity, size_ms, start_ms, kind)}"
                    self._left -= 1
        return not self._left

    def _of_plan(self, table: str) -> tuple[dict[int, list[int]], Sequence[Level]]:
        """Find the records of a table's plan, and its levels."""
        from .counts import TileCounts  # brings dataclasses, which no fetch needs

        digests: dict[int, list[int]] = {}
        levels = dict.fromkeys(self._levels)
        try:
            document = json.loads(self._store.get(f"plan/{table}") or b"{}")
            fingerprint = int(document["storage_fingerprint"], 16)
            counts = TileCounts.load(table, self._store.get)
        except (ValueError, TypeError, LookupError, StoreError):
            return digests, ()
        levels |= dict.fromkeys(() if counts is None else counts.by_level)
        for i, record in enumerate(self._records):
            if is_intact(record, fingerprint):
                digest = header_of(record)[FINGERPRINT] % (1 << 64) ^ fingerprint
                digests.setdefault(digest, []).append(i)
                begin = iso(start_of(record))
                self.owners[i] = f"a tile of some entity of {table} that begins at {begin}"
        return digests, list(levels)
