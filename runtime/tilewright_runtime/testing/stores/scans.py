"""What every store promises about reading tiles."""

from __future__ import annotations

import random

import pytest

from ...stores import Store
from ...tiles.keys import EVENTS, Range, TileKeys
from ...times import EARLIEST_MS
from .opening import OpensStore
from .records import BASE, DAY, HOUR, from_the_beginning, record, span, tiles


class ScanConformance(OpensStore):
    """The promises of `scan`, `scan_many` and `get_tiles`."""

    def test_what_was_put_is_there(self, store: Store) -> None:
        """A record is found byte for byte."""
        store.put_newer(tiles(0, 1), [record(1, b"one"), record(9, bytes(range(256)))], None)
        assert store.scan("t", "s=a", [span(0, 2)]) == [
            [record(1, b"one"), record(9, bytes(range(256)))]
        ]

    def test_what_was_not_put_is_absent(self, store: Store) -> None:
        """An empty store has empty ranges and no documents."""
        assert store.scan("t", "s=a", [span(0, 3), from_the_beginning()]) == [[], []]
        assert store.scan("t", "s=a", []) == []
        assert store.get("anything") is None

    def test_tiles_are_got_by_their_keys(self, store: Store) -> None:
        """Tiles are read by their keys, in the order asked.

        They may be of several entities; a tile that is absent is None.
        """
        store.put_newer(tiles(0, 2), [record(1), record(3)], None)
        store.put_newer(tiles(1, entity="s=b"), [record(2)], None)
        asked = TileKeys(
            "t",
            HOUR,
            ["s=a", "s=b"],
            [1, 0, 0, 1, 0],
            [BASE + n * HOUR for n in (1, 2, 1, 0, 0)],
        )
        assert store.get_tiles(asked) == [record(2), record(3), None, None, record(1)]
        assert store.get_tiles(tiles()) == []
        assert store.get_tiles(tiles(*range(2_000)))[:3] == [record(1), None, record(3)]

    def test_absence_stands_beside_presence(self, store: Store) -> None:
        """A range with gaps gives only what is there.

        To put no tiles changes nothing.
        """
        store.put_newer(tiles(1, 3), [record(1), record(3)], None)
        store.put_newer(tiles(), [], None)
        assert store.scan("t", "s=a", [span(0, 9)]) == [[record(1), record(3)]]

    def test_a_scan_is_half_open(self, store: Store) -> None:
        """A range includes its start and excludes its end."""
        store.put_newer(tiles(0, 1, 2, 3), [record(n) for n in range(4)], None)
        assert store.scan("t", "s=a", [span(1, 3), span(1, 1)]) == [[record(1), record(2)], []]

    def test_several_ranges_are_answered_one_by_one(self, store: Store) -> None:
        """Each range has its own list, in the order asked.

        Ranges may be of several levels, may overlap and may be empty.
        """
        store.put_newer(tiles(0, 1, 2), [record(1), record(2), record(3)], None)
        store.put_newer(tiles(0, size_ms=DAY), [record(4)], None)
        ranges = [span(1, 9), span(0, 1, DAY), span(7, 8), from_the_beginning(), span(0, 2)]
        expected = [
            [record(2), record(3)],
            [record(4)],
            [],
            [record(1), record(2), record(3)],
            [record(1), record(2)],
        ]
        assert store.scan("t", "s=a", ranges) == expected

    def test_many_entities_are_scanned_at_once(self, store: Store) -> None:
        """Each entity gets the records of its own ranges.

        They come in the order of the requests.
        """
        store.put_newer(tiles(0, 1, 2), [record(1), record(2), record(3)], None)
        store.put_newer(tiles(1, entity="s=b"), [record(4)], None)
        requests = [
            ("s=b", [span(0, 3), span(2, 3)]),
            ("s=none", [span(0, 3)]),
            ("s=a", [span(1, 3)]),
            ("s=a", []),
            ("s=b", [from_the_beginning()]),
        ]
        assert store.scan_many("t", requests) == [
            [[record(4)], []],
            [[]],
            [[record(2), record(3)]],
            [],
            [[record(4)]],
        ]
        assert store.scan_many("t", []) == []

    def test_many_entities_may_have_many_tiles(self, store: Store) -> None:
        """A scan too large for one command is still right."""
        entities = [f"s={number}" for number in range(3)]
        for number, entity in enumerate(entities):
            records = [record(1 + number * 1000 + hour) for hour in range(700)]
            store.put_newer(tiles(*range(700), entity=entity), records, None)
        requests = [(entity, [span(100, 700), span(0, 50)]) for entity in entities]
        for number, (later, earlier) in enumerate(store.scan_many("t", requests)):
            assert later == [record(1 + number * 1000 + hour) for hour in range(100, 700)]
            assert earlier == [record(1 + number * 1000 + hour) for hour in range(50)]

    def test_a_range_of_fifty_years_is_no_lifetime(self, store: Store) -> None:
        """A long range finds the tiles of an expiring level.

        So do other ranges of that level.
        """
        day, week_ms = tiles(-1, 0, size_ms=DAY), 7 * DAY
        store.put_newer(day, [record(1), record(2)], week_ms)
        fifty_years = Range(DAY, EARLIEST_MS // DAY * DAY, BASE + DAY)
        assert store.scan("t", "s=a", [fifty_years, span(0, 1, DAY)]) == [
            [record(1), record(2)],
            [record(2)],
        ]

    def test_chunks_of_raw_events_stand_apart(self, store: Store) -> None:
        """Only ranges of raw events find chunks of raw events."""
        store.put_newer(tiles(0, 1), [record(1), record(2)], None)
        starts = [BASE - 9000 * HOUR, BASE, BASE + HOUR]
        chunks = TileKeys("t", HOUR, ["s=a"], [0, 0, 0], starts, EVENTS)
        store.put_newer(chunks, [record(3), record(4), record(5)], None)
        some = Range(HOUR, BASE, BASE + 9 * HOUR, EVENTS)
        ever = some._replace(start_ms=from_the_beginning().start_ms, lifetime=True)
        ranges = [span(0, 9), some, ever, from_the_beginning()]
        newest = [record(4), record(5)]
        assert store.scan("t", "s=a", ranges) == [
            [record(1), record(2)],
            newest,
            [record(3), *newest],
            [record(1), record(2)],
        ]

    @pytest.mark.parametrize("seed", range(5))
    def test_a_scan_is_in_the_order_of_time(self, store: Store, seed: int) -> None:
        """A scan gives oldest first, whatever the puts' order."""
        chance = random.Random(seed)
        hours = chance.sample(range(-300, 300), chance.randrange(40))
        for some in (hours[::2], hours[1::2]):
            store.put_newer(tiles(*some), [record(1000 + hour) for hour in some], None)
        hours.sort()
        begin = chance.randrange(-400, 300)
        end = begin + chance.randrange(600)
        inside = [record(1000 + hour) for hour in hours if begin <= hour < end]
        everything = [record(1000 + hour) for hour in hours]
        assert store.scan("t", "s=a", [span(begin, end), from_the_beginning()]) == [
            inside,
            everything,
        ]

    def test_a_lifetime_finds_tiles_that_came_late(self, store: Store) -> None:
        """A lifetime also finds older tiles that came late.

        Each entity and level has its own.
        """
        days = (
            tiles(0, size_ms=DAY),
            tiles(-4000, size_ms=DAY),
            tiles(-7, entity="s=b", size_ms=DAY),
        )
        for number, keys in enumerate(days, 1):
            store.put_newer(keys, [record(number)], None)
        assert store.scan("t", "s=a", [from_the_beginning(DAY), from_the_beginning()]) == [
            [record(2), record(1)],
            [],
        ]
        assert store.scan("t", "s=b", [from_the_beginning(DAY)]) == [[record(3)]]
