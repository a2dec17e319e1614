"""The changes of one LMDB write transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from ...tiles.keys import TileKeys, ordered_prefix
from ..base import EntityRecords
from .entries import document_key, entity_records, entries_under
from .environment import Environment

T = TypeVar("T")

#: Tiles that wait in a transaction before others behind them are put.
_WAITING_TILES = 1 << 16
#: Tiles that are read or put before memory is let go.
_PART_TILES = 4096


class LmdbTransaction:
    """The changes of one LMDB write transaction.

    Tiles wait to be put in the order of their keys, whatever level they are of: neighbours then
    share pages that are touched once, and new ones behind all others fill their pages.
    """

    def __init__(self, environment: Environment, transaction: Any) -> None:
        self._environment = environment
        self._transaction = transaction
        self._keys: list[bytes] = []
        self._records: list[bytes] = []

    def flush(self) -> None:
        """Put the tiles that wait."""
        keys, records, self._keys, self._records = self._keys, self._records, [], []
        if not keys:
            return
        # Sorting is stable, and so the last record of a key wins.
        order = sorted(range(len(keys)), key=keys.__getitem__)

        def put(append: bool) -> int:
            added = 0
            for part in _parts(order):
                entries = zip(
                    map(keys.__getitem__, part), map(records.__getitem__, part), strict=True
                )
                added += cursor.putmulti(entries, append=append)[1]
                self._environment.let_go()
            return added

        cursor = self._transaction.cursor(self._environment.tiles)
        is_behind_all = not cursor.last() or cursor.key() < keys[order[0]]
        # Appending passes over a key that comes twice.
        if not is_behind_all or put(append=True) < len(order):
            put(append=False)

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """Read each tile's record, or None."""
        self.flush()
        get, tiles = self._transaction.get, self._environment.tiles
        records: list[bytes | None] = []
        for part in _parts(keys.ordered):
            records += [get(key, None, tiles) for key in part]
            self._environment.let_go()
        return records

    def put_tiles(self, keys: TileKeys, records: Sequence[bytes]) -> None:
        """Write the record of each tile."""
        ordered = keys.ordered
        # Tiles of other levels may belong between those that wait, as long as none is behind all.
        if len(self._keys) > _WAITING_TILES and ordered and ordered[0] > self._keys[-1]:
            self.flush()
        self._keys += ordered
        self._records += records

    def delete_entity(self, table: str, entity: str) -> EntityRecords:
        """Delete all records of an entity, and return them."""
        self.flush()
        cursor = self._transaction.cursor(self._environment.tiles)
        entries = list(entries_under(cursor, ordered_prefix(table, entity)))
        for key, _ in entries:
            self._transaction.delete(key, db=self._environment.tiles)
        return entity_records(entries)

    def get(self, name: str) -> bytes | None:
        """Read a named document."""
        document: bytes | None = self._transaction.get(
            document_key(name), db=self._environment.documents
        )
        return document

    def put(self, name: str, value: bytes) -> None:
        """Writes a named document."""
        self._transaction.put(document_key(name), value, db=self._environment.documents)


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut values into parts, between which memory is let go."""
    for begin in range(0, len(values), _PART_TILES):
        yield values[begin : begin + _PART_TILES]
