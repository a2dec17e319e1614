"""What every store promises, whatever things are called."""

from __future__ import annotations

from ...stores import Store
from ...tiles.keys import Range, TileKeys
from .opening import OpensStore
from .records import BASE, DAY, HOSTILE, HOUR, from_the_beginning, record, span, tiles


class NameConformance(OpensStore):
    """The promises that hold whatever something is called."""

    def test_a_key_may_be_as_long_as_the_store_says(self, store: Store) -> None:
        """An entity of the longest allowed length has tiles."""
        longest = "s=" + "x" * (store.max_entity_bytes - len("t") - 2)
        shorter = longest[:-1]
        store.put_newer(tiles(0, entity=longest), [record(1)], None)
        store.put_newer(tiles(0, entity=shorter), [record(2)], None)
        assert store.scan("t", longest, [span(0, 1)]) == [[record(1)]]
        assert store.scan("t", shorter, [span(0, 1)]) == [[record(2)]]

    def test_a_longer_key_has_no_tiles(self, store: Store) -> None:
        """An entity longer than the store allows has no tiles.

        To ask for it is no error.
        """
        too_long = "s=" + "x" * 2 * store.max_entity_bytes
        assert store.scan("t", too_long, [span(0, 1), from_the_beginning()]) == [[], []]

    def test_names_that_mean_something_elsewhere_are_names(self, store: Store) -> None:
        """Entities, tables and levels never mix, whatever their names."""
        for number, entity in enumerate(HOSTILE, 1):
            store.put_newer(tiles(0, entity=entity), [record(number)], None)
            store.put_newer(tiles(0, entity=entity, table="tt"), [record(100 + number)], None)
            store.put_newer(tiles(0, entity=entity, size_ms=2 * HOUR), [record(200 + number)], None)
        for number, entity in enumerate(HOSTILE, 1):
            assert store.scan("t", entity, [span(0, 2), span(0, 1, 2 * HOUR)]) == [
                [record(number)],
                [record(200 + number)],
            ]
            assert store.scan("tt", entity, [span(-1, 2)]) == [[record(100 + number)]]

    def test_levels_that_begin_together_are_apart(self, store: Store) -> None:
        """Tiles of one start and several sizes have separate keys.

        That holds down to a size of one second.
        """
        sizes = [1000, 60_000, 300_000, 900_000, HOUR, 6 * HOUR, DAY, 7 * DAY]
        for size_ms in sizes:
            keys = TileKeys("t", size_ms, ["s=a"], [0], [BASE // size_ms * size_ms])
            store.put_newer(keys, [record(size_ms)], None)
        for size_ms in sizes:
            start_ms = BASE // size_ms * size_ms
            one_tile = Range(size_ms, start_ms, start_ms + size_ms)
            assert store.scan("t", "s=a", [one_tile]) == [[record(size_ms)]]

    def test_documents_are_replaced(self, store: Store) -> None:
        """The last document put under a name replaces the others.

        Even an empty one does.
        """
        for value in (b"first, and long", b"", b"\0third"):
            store.put("name", value)
            assert store.get("name") == value

    def test_the_first_document_of_a_name_stays(self, store: Store) -> None:
        """The first to put a document decides what all get."""
        assert [store.put_first("name", value) for value in (b"first", b"second", b"")] == [
            b"first"
        ] * 3
        assert store.get("name") == b"first"

    def test_documents_may_have_any_name(self, store: Store) -> None:
        """Documents of any name are apart and are no tiles."""
        long = "position/g/s/file:///" + "x" * 3000
        names = [
            *HOSTILE,
            "a",
            long,
            long[:-1] + "y",
            "é" * 70,
            "tiles::t::{s=a}::1h::2024010400",
            "t\0s=a\0",
        ]
        for name in names:
            store.put(name, name.encode())
        assert [store.get(name) for name in names] == [name.encode() for name in names]
        assert store.scan("t", "s=a", [span(-9, 9), from_the_beginning()]) == [[], []]
