"""What a store can do that has transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from ..lazily import np
from ..tiles.header import precedence
from ..tiles.keys import TileKeys
from .base import EntityRecords, Store, Transaction
from .swapping import compare_and_swap

T = TypeVar("T")


@runtime_checkable
class TransactionalStore(Store, Protocol):
    """A store that changes tiles and documents together.

    The writer needs one to commit tiles with the positions of their sources. What one of them puts
    stays until it is deleted: nothing expires.
    """

    expires: bool = False

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one atomic change.

        Returns what the work returns. It may be run again, so it must not keep state. Raises
        StoreError if another process is writing.
        """

    def tiles(self, table: str) -> Iterator[tuple[TileKeys, list[bytes]]]:
        """Walk all tiles of a table.

        They come in parts of some thousand, each of one level. What is put meanwhile may be among
        them.
        """

    def delete_entity(self, table: str, entity: str) -> EntityRecords:
        """Delete all records of an entity, and return them."""
        return self.transact(lambda transaction: transaction.delete_entity(table, entity))

    def put_newer(self, keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None) -> None:
        """Put the tiles that are newer than the stored ones."""
        self.transact(lambda transaction: _put_newer(transaction, keys, records))

    def compare_and_swap(
        self,
        keys: TileKeys,
        expected: Sequence[bytes | None],
        records: Sequence[bytes],
        ttl_ms: int | None,
    ) -> list[bool]:
        """Replace the tiles that are still what is expected."""
        return self.transact(
            lambda transaction: compare_and_swap(transaction, keys, expected, records)
        )

    def put(self, name: str, value: bytes) -> None:
        """Write a named document."""
        self.transact(lambda transaction: transaction.put(name, value))

    def put_first(self, name: str, value: bytes) -> bytes:
        """Write a named document if new; return the stored one."""
        return self.transact(lambda transaction: _put_first(transaction, name, value))


def _put_newer(transaction: Transaction, keys: TileKeys, records: Sequence[bytes]) -> None:
    stored = transaction.get_tiles(keys)
    newer = []
    for i, (record, old) in enumerate(zip(records, stored, strict=True)):
        if old is None or precedence(record) > precedence(old):
            newer.append(i)
    newer_keys = keys.take(np.array(newer, dtype=np.intp))
    transaction.put_tiles(newer_keys, [records[i] for i in newer])


def _put_first(transaction: Transaction, name: str, value: bytes) -> bytes:
    present = transaction.get(name)
    if present is not None:
        return present
    transaction.put(name, value)
    return value
