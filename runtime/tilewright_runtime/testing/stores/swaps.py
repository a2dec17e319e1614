"""What every store promises about comparing and swapping."""

from __future__ import annotations

from collections.abc import Sequence

from ...stores import Store, open_store
from ...tiles.header import version_of
from ...tiles.keys import TileKeys
from .opening import OpensStore
from .puts import await_scan
from .records import BASE, HOUR, from_the_beginning, record, span, tiles


class SwapConformance(OpensStore):
    """The promises of `compare_and_swap`."""

    def test_an_expected_tile_is_replaced(self, store: Store) -> None:
        """A tile with the expected version is replaced.

        No sequence has to grow.
        """
        store.put_newer(tiles(0), [record(5, b"old")], None)
        for new in (record(6, b"newer, and longer"), record(2, b"older")):
            assert store.compare_and_swap(tiles(0), _versions(store, tiles(0)), [new], None) == [
                True
            ]
            assert store.get_tiles(tiles(0)) == [new]

    def test_another_version_is_left(self, store: Store) -> None:
        """A tile with another version stays as it is."""
        store.put_newer(tiles(0), [record(5, b"stored")], None)
        for expected in (record(4), record(6), b"", b"damaged"):
            versions = [version_of(expected)]
            assert store.compare_and_swap(tiles(0), versions, [record(9)], None) == [False]
        assert store.get_tiles(tiles(0)) == [record(5, b"stored")]

    def test_no_tile_may_be_expected(self, store: Store) -> None:
        """None expects that there is no tile.

        A tile is expected in vain where there is none.
        """
        store.put_newer(tiles(0), [record(5)], None)
        expected = [None, None, version_of(record(5))]
        new = [record(7), record(8), record(9)]
        assert store.compare_and_swap(tiles(0, 1, 2), expected, new, None) == [False, True, False]
        assert store.get_tiles(tiles(0, 1, 2)) == [record(5), record(8), None]

    def test_a_damaged_tile_is_compared_by_its_bytes(self, store: Store) -> None:
        """A record without a whole header is its version.

        One without any bytes is not one that is not there.
        """
        damaged = [b"", b"short", b"\0" * 23]
        absent = [None] * 3
        assert store.compare_and_swap(tiles(0, 1, 2), absent, damaged, None) == [True] * 3
        assert store.compare_and_swap(tiles(0, 1, 2), absent, [record(1)] * 3, None) == [False] * 3
        assert store.compare_and_swap(
            tiles(0, 1, 2), [b"", b"other", b"\0" * 23], [record(1)] * 3, None
        ) == [True, False, True]
        assert store.get_tiles(tiles(0, 1, 2)) == [record(1), b"short", record(1)]

    def test_each_of_many_is_swapped_by_itself(self, store: Store) -> None:
        """Of thousands of tiles only the expected ones change.

        They are answered in the order asked.
        """
        entities = [f"s={number}" for number in range(700)]
        indices = [number for number in range(700) for _ in range(2)]
        keys = TileKeys("t", HOUR, entities, indices, [BASE, BASE + HOUR] * 700)
        stored = [record(number) for number in range(1400)]
        store.put_newer(keys, stored, None)
        expected = [version_of(one) for one in stored]
        expected[3::10] = [version_of(record(5000))] * 140
        new = [record(number + 7000) for number in range(1400)]
        swapped = store.compare_and_swap(keys, expected, new, None)
        assert swapped == [number % 10 != 3 for number in range(1400)]
        stored_now = store.get_tiles(keys)
        assert stored_now[3::10] == stored[3::10]
        assert [stored_now[i] for i in range(1400) if i % 10 != 3] == [
            new[i] for i in range(1400) if i % 10 != 3
        ]

    def test_nothing_may_be_swapped(self, store: Store) -> None:
        """A swap of no tiles answers for none."""
        assert store.compare_and_swap(tiles(), [], [], None) == []

    def test_of_two_that_swap_one_is_refused(self, url: str, store: Store) -> None:
        """Of two with one version the second is refused.

        It succeeds with the version that it reads then.
        """
        other = open_store(url)
        if other.put_first("shared", b"yes") and store.get("shared") is None:
            return  # each opening is a store of its own, as in memory
        store.put_newer(tiles(0), [record(1)], None)
        for number in range(2, 6, 2):
            versions = _versions(store, tiles(0)), _versions(other, tiles(0))
            assert store.compare_and_swap(tiles(0), versions[0], [record(number)], None) == [True]
            late = [record(number + 1)]
            assert other.compare_and_swap(tiles(0), versions[1], late, None) == [False]
            assert other.compare_and_swap(tiles(0), _versions(other, tiles(0)), late, None) == [
                True
            ]
        assert store.get_tiles(tiles(0)) == [record(5)]
        other.close()

    def test_swapped_tiles_are_found_by_lifetimes(self, store: Store) -> None:
        """A lifetime finds a tile that a swap has made."""
        store.put_newer(tiles(5), [record(1)], None)
        assert store.compare_and_swap(tiles(2), [None], [record(2)], None) == [True]
        found = store.scan("t", "s=a", [from_the_beginning()])
        assert found == [[record(2), record(1)]]

    def test_swapped_tiles_expire_where_the_store_says_so(self, store: Store) -> None:
        """A swap sets the time to live anew.

        A store that never expires tiles keeps it.
        """
        store.put_newer(tiles(0, 1), [record(1), record(1)], 600_000)
        versions = _versions(store, tiles(0))
        assert store.compare_and_swap(tiles(0), versions, [record(2)], 1) == [True]
        kept = [record(1)] if store.expires else [record(2), record(1)]
        await_scan(store, span(0, 2), kept)


def _versions(store: Store, keys: TileKeys) -> Sequence[bytes | None]:
    return [version_of(one) for one in store.get_tiles(keys)]
