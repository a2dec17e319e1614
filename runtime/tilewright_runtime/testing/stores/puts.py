"""What every store promises about putting tiles."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import permutations

import pytest

from ...stores import Store, open_store
from ...tiles.header import precedence
from ...tiles.keys import Range, TileKeys
from .opening import OpensStore
from .records import APPROXIMATE, BASE, COMPLETE, HOUR, record, span, tiles


class PutConformance(OpensStore):
    """The promises of `put_newer`."""

    def test_a_newer_put_wins(self, store: Store) -> None:
        """A larger sequence replaces a smaller one.

        The new record may be longer or shorter.
        """
        for sequence, body in (
            (1, b"first, and long"),
            (2, b""),
            (300, b"the third"),
            (2**40, b"x"),
            (2**40 + 1, b"y"),
        ):
            store.put_newer(tiles(0), [record(sequence, body)], None)
            assert store.scan("t", "s=a", [span(0, 1)]) == [[record(sequence, body)]]

    def test_an_older_or_repeated_put_is_no_change(self, store: Store) -> None:
        """A smaller or equal sequence changes nothing."""
        store.put_newer(tiles(0), [record(256, b"stored")], None)
        for sequence, body in ((255, b"older"), (0, b"empty"), (256, b"again")):
            store.put_newer(tiles(0), [record(sequence, body)], None)
            assert store.scan("t", "s=a", [span(0, 1)]) == [[record(256, b"stored")]]

    def test_each_tile_of_a_put_is_judged_by_itself(self, store: Store) -> None:
        """Each tile of a put is compared by itself."""
        store.put_newer(tiles(0, 1, 2), [record(5, b"a"), record(5, b"b"), record(5, b"c")], None)
        store.put_newer(tiles(1, 2, 3), [record(4), record(6), record(1)], None)
        assert store.scan("t", "s=a", [span(0, 4)]) == [
            [record(5, b"a"), record(5, b"b"), record(6), record(1)]
        ]

    @pytest.mark.parametrize(
        "order", list(permutations(range(4))), ids=lambda order: "".join(map(str, order))
    )
    def test_puts_may_come_in_any_order(self, store: Store, order: Sequence[int]) -> None:
        """The newest record stays, in whatever order puts come.

        It is the one with the largest sequence and, at the same sequence, with more flags.
        """
        puts = [
            record(8, b"old", COMPLETE | APPROXIMATE),
            record(9, b"open"),
            record(9, b"c", COMPLETE),
            record(9, b"a", APPROXIMATE),
        ]
        for i in order:
            store.put_newer(tiles(0), [puts[i]], None)
        assert (
            store.scan("t", "s=a", [span(0, 1)])
            == [[max(puts, key=precedence)]]
            == [[record(9, b"a", APPROXIMATE)]]
        )

    def test_tiles_expire_where_the_store_says_so(self, store: Store) -> None:
        """A tile expires once its time to live has passed.

        A store that never expires tiles keeps it.
        """
        store.put_newer(tiles(0, 1), [record(1), record(2)], None)
        store.put_newer(tiles(2), [record(3)], 600_000)
        store.put_newer(tiles(0, 3), [record(2), record(4)], 1)
        if store.expires:
            await_scan(store, span(0, 4), [record(2), record(3)])
        else:
            assert store.scan("t", "s=a", [span(0, 4)]) == [
                [record(2), record(2), record(3), record(4)]
            ]

    def test_a_tile_lives_from_its_last_put(self, store: Store) -> None:
        """A repeated put never shortens a tile's life.

        It may prolong it. A newer put sets it anew.
        """
        store.put_newer(tiles(0, 1, 2, 3), [record(5)] * 4, 200)
        store.put_newer(tiles(0, 3), [record(5), record(5)], 600_000)
        store.put_newer(tiles(1), [record(6)], 600_000)
        store.put_newer(tiles(3), [record(4)], 1)
        if store.expires:
            await_scan(store, span(0, 4), [record(5), record(6), record(5)])
        else:
            assert store.scan("t", "s=a", [span(0, 4)]) == [
                [record(5), record(6), record(5), record(5)]
            ]

    def test_a_tile_that_is_put_again_for_ever_stays(self, store: Store) -> None:
        """A repeated put without a time to live lasts.

        It takes away the time to live that the tile had.
        """
        store.put_newer(tiles(0, 1), [record(5), record(5)], 200)
        store.put_newer(tiles(0), [record(5)], None)
        store.put_newer(tiles(0), [record(5)], 1)
        if store.expires:
            await_scan(store, span(0, 2), [record(5)])
        else:
            assert store.scan("t", "s=a", [span(0, 2)]) == [[record(5), record(5)]]

    def test_large_values_are_kept(self, store: Store) -> None:
        """Records and documents of 10 MB come back whole.

        So do small ones beside them.
        """
        large = record(1, bytes(range(256)) * 40_000)
        store.put_newer(tiles(0, 1, 2), [large, record(1), large], None)
        store.put("large", large)
        assert store.scan("t", "s=a", [span(0, 3)]) == [[large, record(1), large]]
        store.put_newer(tiles(0), [record(1, b"again")], None)
        assert store.scan("t", "s=a", [span(0, 1)]) == [[large]]
        assert store.get("large") == large

    def test_one_put_may_hold_many_tiles(self, store: Store) -> None:
        """One put may hold thousands of tiles of many entities.

        Each tile goes to the entity that its index names.
        """
        entities = [f"s={number}" for number in range(1200)]
        indices = [number for number in range(1200) for _ in range(3)]
        starts_ms = [BASE, BASE + HOUR, BASE + 2 * HOUR] * 1200
        keys = TileKeys("t", HOUR, entities, indices, starts_ms)
        for more in (0, 1):
            records = [
                record(start_ms - BASE + more, str(index).encode())
                for index, start_ms in zip(indices, starts_ms, strict=True)
            ]
            store.put_newer(keys, records, None)
            for number in (0, 7, 170, 171, 1199):
                assert store.scan("t", f"s={number}", [span(0, 3)]) == [
                    records[3 * number : 3 * number + 3]
                ]

    def test_two_that_put_into_one_store_lose_nothing(self, url: str, store: Store) -> None:
        """A store that is open twice holds what both put.

        Of one tile it holds the newer record. The two may belong to two threads.
        """
        other = open_store(url)
        if other.put_first("shared", b"yes") and store.get("shared") is None:
            return  # each opening is a store of its own, as in memory
        for number in range(20):
            (store, other)[number % 2].put_newer(
                tiles(0, number + 1), [record(number), record(number)], None
            )
        assert store.scan("t", "s=a", [span(0, 30)]) == [
            [record(19), *(record(number) for number in range(20))]
        ]
        other.close()


def await_scan(store: Store, wanted: Range, expected: Sequence[bytes]) -> None:
    """Ask until a range holds what is expected.

    Fails after ten seconds.
    """
    until = time.monotonic() + 10
    while (found := store.scan("t", "s=a", [wanted])[0]) != list(expected):
        assert time.monotonic() < until, f"still there: {found}"
        time.sleep(0.01)
