"""What a store with transactions promises in addition."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from ...stores import Transaction, TransactionalStore, open_store
from ...tiles.keys import TileKeys
from .opening import OpensStore
from .records import DAY, HOUR, record, span, tiles


class TransactionConformance(OpensStore):
    """The promises of `TransactionalStore` beside those of `Store`."""

    @pytest.fixture
    def store(self, url: str) -> Iterator[TransactionalStore]:
        """Open an empty store that has transactions."""
        opened = open_store(url)
        assert isinstance(opened, TransactionalStore)
        yield opened
        opened.close()

    def test_tiles_are_found_by_key_and_by_scan(self, store: TransactionalStore) -> None:
        """What a transaction puts is found by key and scan.

        Keys are answered in the order asked, with None where nothing is.
        """
        store.transact(lambda transaction: transaction.put_tiles(tiles(0, 1), [b"one", b""]))
        assert store.scan("t", "s=a", [span(0, 2)]) == [[b"one", b""]]
        assert store.transact(lambda transaction: transaction.get_tiles(tiles(1, 5, 0))) == [
            b"",
            None,
            b"one",
        ]

    def test_a_transaction_replaces_what_is_newer(self, store: TransactionalStore) -> None:
        """`put_tiles` replaces whatever is there.

        It compares no sequences: the writer has already merged what was there.
        """
        for value in (record(9), record(1, b"later")):
            store.transact(partial(_put_tile, value=value))
        assert store.scan("t", "s=a", [span(0, 1)]) == [[record(1, b"later")]]

    def test_a_transaction_sees_its_own_changes(self, store: TransactionalStore) -> None:
        """A transaction reads what it has put itself."""
        store.transact(lambda transaction: transaction.put_tiles(tiles(0, 1), [b"old", b"stays"]))

        def work(transaction: Transaction) -> tuple[list[bytes | None], bytes | None]:
            transaction.put_tiles(tiles(0), [b"new"])
            transaction.put("name", b"value")
            return transaction.get_tiles(tiles(0, 1)), transaction.get("name")

        assert store.transact(work) == ([b"new", b"stays"], b"value")

    def test_an_exception_leaves_nothing(self, store: TransactionalStore) -> None:
        """A transaction that fails leaves nothing behind.

        The next one works.
        """
        store.transact(lambda transaction: transaction.put_tiles(tiles(0), [b"old"]))

        def work(transaction: Transaction) -> None:
            transaction.put_tiles(tiles(0, 1), [b"new", b"new"])
            transaction.put("name", b"value")
            raise RuntimeError("in the middle")

        with pytest.raises(RuntimeError, match="in the middle"):
            store.transact(work)
        assert (store.scan("t", "s=a", [span(0, 3)]), store.get("name")) == ([[b"old"]], None)
        store.transact(lambda transaction: transaction.put_tiles(tiles(1), [b"next"]))
        assert store.scan("t", "s=a", [span(0, 3)]) == [[b"old", b"next"]]

    def test_a_transaction_returns_what_its_work_returns(self, store: TransactionalStore) -> None:
        """A transaction returns what its work returns."""
        assert store.transact(lambda transaction: 42) == 42

    def test_large_values_are_kept(self, store: TransactionalStore) -> None:
        """Records and documents of 10 MB come back whole.

        So do thousands of records of one put.
        """
        large = bytes(range(256)) * 40_000
        many = tiles(*range(3000), entity="s=many")

        def work(transaction: Transaction) -> None:
            transaction.put_tiles(tiles(0), [large])
            transaction.put_tiles(many, [large[:1000]] * 3000)
            transaction.put("large", large)

        store.transact(work)
        assert store.scan("t", "s=a", [span(0, 1)]) == [[large]]
        assert store.scan("t", "s=many", [span(0, 3000)]) == [[large[:1000]] * 3000]
        assert store.transact(lambda transaction: transaction.get("large")) == large

    def test_all_tiles_of_a_table_are_found(self, store: TransactionalStore) -> None:
        """Every tile of a table is listed once.

        The list spans all its entities and levels, and no other table's.
        """
        levels = [("s=a", HOUR), ("s=a", DAY), ("s=b", HOUR), ("s=\N{GRINNING FACE}", 1000)]
        expected: dict[str, list[bytes]] = {"t": [], "tt": []}
        for number, (entity, size_ms) in enumerate(levels):
            for table, records_of_table in expected.items():
                hours = range(number, number + 2500)
                keys = tiles(*hours, entity=entity, table=table, size_ms=size_ms)
                records = _described(keys)
                store.put_newer(keys, records, None)
                records_of_table += records
        listed: list[bytes] = []
        for keys, records in store.tiles("t"):
            assert records == _described(keys)
            listed += records
        assert sorted(listed) == sorted(expected["t"])
        assert list(store.tiles("nosuch")) == []


def _described(keys: TileKeys) -> list[bytes]:
    """Write records that say where they belong."""
    return [
        f"{keys.table} {keys.entities[i]} {keys.size_ms} {start_ms}".encode()
        for i, start_ms in zip(keys.entity, keys.starts_ms, strict=True)
    ]


def _put_tile(transaction: Transaction, value: bytes) -> None:
    transaction.put_tiles(tiles(0), [value])
