"""What every store promises, as tests that any store can be given to.

    from tilewright_runtime.testing.stores import StoreConformance

    class TestMyStore(StoreConformance):
        @pytest.fixture
        def url(self, tmp_path):
            return f"mystore:{tmp_path}/store"

`url` is a new, empty place for each test. A store that has transactions is given to
`TransactionConformance` too.
"""

from __future__ import annotations

import random
import struct
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import permutations

import pytest

from ..stores import Store, Transaction, TransactionalStore, open_store
from ..tiles.keys import EVENTS, Range, TileKeys, tile_id
from ..tiles.records import precedence
from ..times import EARLIEST_MS

_HOUR = 3_600_000
_DAY = 24 * _HOUR
#: 2024-01-04T00:00:00Z.
_BASE = 1_704_326_400_000
_COMPLETE, _APPROXIMATE = 1, 2

#: Names that mean something to some store or other, or to those who write them into keys.
HOSTILE = [
    "s=",
    "s=a",
    "s=aa",
    "s=a,i=1",
    "s=a%00",
    "s=a::1h::2024010400",
    "s=a}::1h::2024010400",
    "s={b}",
    "{",
    "s=*?[a]",
    "s=a b\r\nDEL x\t",
    "s='\"\\",
    "s=é",
    "s=\N{GRINNING FACE}",
    "first",
]


def record(sequence: int, body: bytes = b"", flags: int = 0) -> bytes:
    """Bytes with the header that a store may look at; the rest is any."""
    return struct.pack("<5xB10xQ", flags, sequence) + body


def tiles(*hours: int, entity: str = "s=a", table: str = "t", size_ms: int = _HOUR) -> TileKeys:
    """The keys of some tiles of one entity, each so many tiles after the base."""
    return TileKeys(
        table, size_ms, [entity], [0] * len(hours), [_BASE + hour * size_ms for hour in hours]
    )


def span(begin: int, end: int, size_ms: int = _HOUR) -> Range:
    """The tiles in [begin, end), counted from the base."""
    return Range(size_ms, _BASE + begin * size_ms, _BASE + end * size_ms)


def from_the_beginning(size_ms: int = _HOUR) -> Range:
    """All tiles of a level, as a lifetime reads them."""
    start_ms = EARLIEST_MS // size_ms * size_ms
    return Range(size_ms, start_ms, _BASE + 1000 * size_ms, lifetime=True)


class _OfAPlace:
    """Opens the store of a test."""

    @pytest.fixture
    def url(self) -> str:
        """A new, empty place; whoever runs these tests says where."""
        raise NotImplementedError("a class of store tests has a fixture `url`")

    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        """An empty store."""
        opened = open_store(url)
        yield opened
        opened.close()


class StoreConformance(_OfAPlace):
    """The promises of `Store`."""

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
        """Any tiles of any entities at once, in the order asked, None for those that are not
        there.
        """
        store.put_newer(tiles(0, 2), [record(1), record(3)], None)
        store.put_newer(tiles(1, entity="s=b"), [record(2)], None)
        asked = TileKeys(
            "t",
            _HOUR,
            ["s=a", "s=b"],
            [1, 0, 0, 1, 0],
            [_BASE + n * _HOUR for n in (1, 2, 1, 0, 0)],
        )
        assert store.get_tiles(asked) == [record(2), record(3), None, None, record(1)]
        assert store.get_tiles(tiles()) == []
        assert store.get_tiles(tiles(*range(2_000)))[:3] == [record(1), None, record(3)]

    def test_absence_stands_beside_presence(self, store: Store) -> None:
        """A range with gaps gives what is there, and a put of nothing changes nothing."""
        store.put_newer(tiles(1, 3), [record(1), record(3)], None)
        store.put_newer(tiles(), [], None)
        assert store.scan("t", "s=a", [span(0, 9)]) == [[record(1), record(3)]]

    def test_a_scan_is_half_open(self, store: Store) -> None:
        """A range holds the tile at its start and not the one at its end."""
        store.put_newer(tiles(0, 1, 2, 3), [record(n) for n in range(4)], None)
        assert store.scan("t", "s=a", [span(1, 3), span(1, 1)]) == [[record(1), record(2)], []]

    def test_several_ranges_are_answered_one_by_one(self, store: Store) -> None:
        """The answer has a list for each range, in the order asked, of several levels, also where
        ranges overlap or are empty.
        """
        store.put_newer(tiles(0, 1, 2), [record(1), record(2), record(3)], None)
        store.put_newer(tiles(0, size_ms=_DAY), [record(4)], None)
        ranges = [span(1, 9), span(0, 1, _DAY), span(7, 8), from_the_beginning(), span(0, 2)]
        expected = [
            [record(2), record(3)],
            [record(4)],
            [],
            [record(1), record(2), record(3)],
            [record(1), record(2)],
        ]
        assert store.scan("t", "s=a", ranges) == expected

    def test_many_entities_are_scanned_at_once(self, store: Store) -> None:
        """Each entity has the records of its own ranges, in the order of the requests."""
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
        """A scan is right where a store has to cut it into several commands."""
        entities = [f"s={number}" for number in range(3)]
        for number, entity in enumerate(entities):
            records = [record(1 + number * 1000 + hour) for hour in range(700)]
            store.put_newer(tiles(*range(700), entity=entity), records, None)
        requests = [(entity, [span(100, 700), span(0, 50)]) for entity in entities]
        for number, (later, earlier) in enumerate(store.scan_many("t", requests)):
            assert later == [record(1 + number * 1000 + hour) for hour in range(100, 700)]
            assert earlier == [record(1 + number * 1000 + hour) for hour in range(50)]

    def test_a_range_of_fifty_years_is_no_lifetime(self, store: Store) -> None:
        """A long range finds the tiles of a level that expires, and so do others of its level."""
        day, week_ms = tiles(-1, 0, size_ms=_DAY), 7 * _DAY
        store.put_newer(day, [record(1), record(2)], week_ms)
        fifty_years = Range(_DAY, EARLIEST_MS // _DAY * _DAY, _BASE + _DAY)
        assert store.scan("t", "s=a", [fifty_years, span(0, 1, _DAY)]) == [
            [record(1), record(2)],
            [record(2)],
        ]

    def test_chunks_of_raw_events_stand_apart(self, store: Store) -> None:
        """Chunks of raw events are found by ranges of their kind and by no others."""
        store.put_newer(tiles(0, 1), [record(1), record(2)], None)
        starts = [_BASE - 9000 * _HOUR, _BASE, _BASE + _HOUR]
        chunks = TileKeys("t", _HOUR, ["s=a"], [0, 0, 0], starts, EVENTS)
        store.put_newer(chunks, [record(3), record(4), record(5)], None)
        some = Range(_HOUR, _BASE, _BASE + 9 * _HOUR, EVENTS)
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
        """Whatever the order of the puts, a scan gives what lies in its range, oldest first."""
        chance = random.Random(seed)
        places = chance.sample(range(-300, 300), chance.randrange(40))
        for some in (places[::2], places[1::2]):
            store.put_newer(tiles(*some), [record(1000 + place) for place in some], None)
        begin = chance.randrange(-400, 300)
        end = begin + chance.randrange(600)
        inside = [record(1000 + place) for place in sorted(places) if begin <= place < end]
        everything = [record(1000 + place) for place in sorted(places)]
        assert store.scan("t", "s=a", [span(begin, end), from_the_beginning()]) == [
            inside,
            everything,
        ]

    def test_a_lifetime_finds_tiles_that_came_late(self, store: Store) -> None:
        """A range from the beginning of time holds tiles older than those that were put first, of
        each entity and level its own.
        """
        days = (
            tiles(0, size_ms=_DAY),
            tiles(-4000, size_ms=_DAY),
            tiles(-7, entity="s=b", size_ms=_DAY),
        )
        for number, keys in enumerate(days, 1):
            store.put_newer(keys, [record(number)], None)
        assert store.scan("t", "s=a", [from_the_beginning(_DAY), from_the_beginning()]) == [
            [record(2), record(1)],
            [],
        ]
        assert store.scan("t", "s=b", [from_the_beginning(_DAY)]) == [[record(3)]]

    def test_a_newer_put_wins(self, store: Store) -> None:
        """A tile of a larger sequence replaces the one before, whether longer or shorter."""
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
        """A tile of a smaller or the same sequence leaves what is stored."""
        store.put_newer(tiles(0), [record(256, b"stored")], None)
        for sequence, body in ((255, b"older"), (0, b"empty"), (256, b"again")):
            store.put_newer(tiles(0), [record(sequence, body)], None)
            assert store.scan("t", "s=a", [span(0, 1)]) == [[record(256, b"stored")]]

    def test_each_tile_of_a_put_is_judged_by_itself(self, store: Store) -> None:
        """Of many tiles in one put the newer ones are stored and the older ones are not."""
        store.put_newer(tiles(0, 1, 2), [record(5, b"a"), record(5, b"b"), record(5, b"c")], None)
        store.put_newer(tiles(1, 2, 3), [record(4), record(6), record(1)], None)
        assert store.scan("t", "s=a", [span(0, 4)]) == [
            [record(5, b"a"), record(5, b"b"), record(6), record(1)]
        ]

    @pytest.mark.parametrize(
        "order", list(permutations(range(4))), ids=lambda order: "".join(map(str, order))
    )
    def test_puts_may_come_in_any_order(self, store: Store, order: Sequence[int]) -> None:
        """The newest stays: the largest sequence, and at the same sequence the one with more
        flags.
        """
        puts = [
            record(8, b"old", _COMPLETE | _APPROXIMATE),
            record(9, b"open"),
            record(9, b"c", _COMPLETE),
            record(9, b"a", _APPROXIMATE),
        ]
        for place in order:
            store.put_newer(tiles(0), [puts[place]], None)
        assert (
            store.scan("t", "s=a", [span(0, 1)])
            == [[max(puts, key=precedence)]]
            == [[record(9, b"a", _APPROXIMATE)]]
        )

    def test_tiles_expire_where_the_store_says_so(self, store: Store) -> None:
        """A tile goes when its time to live has passed since it was put; a store that keeps all
        tiles keeps it.
        """
        store.put_newer(tiles(0, 1), [record(1), record(2)], None)
        store.put_newer(tiles(2), [record(3)], 600_000)
        store.put_newer(tiles(0, 3), [record(2), record(4)], 1)
        kept = [record(2), record(3)]
        if store.expires:
            _await_scan(store, span(0, 4), kept)
        else:
            assert store.scan("t", "s=a", [span(0, 4)]) == [
                [record(2), record(2), record(3), record(4)]
            ]

    def test_a_put_that_changes_nothing_does_not_prolong(self, store: Store) -> None:
        """A repeated put leaves a tile's end where it was, and a newer one gives it a new one."""
        store.put_newer(tiles(0, 1), [record(5), record(5)], 200)
        store.put_newer(tiles(0), [record(5)], 600_000)
        store.put_newer(tiles(1), [record(6)], 600_000)
        if store.expires:
            _await_scan(store, span(0, 2), [record(6)])
        else:
            assert store.scan("t", "s=a", [span(0, 2)]) == [[record(5), record(6)]]

    def test_large_values_are_kept(self, store: Store) -> None:
        """Records and documents of 10 MB come back whole, and small ones beside them."""
        large = record(1, bytes(range(256)) * 40_000)
        store.put_newer(tiles(0, 1, 2), [large, record(1), large], None)
        store.put("large", large)
        assert store.scan("t", "s=a", [span(0, 3)]) == [[large, record(1), large]]
        store.put_newer(tiles(0), [record(1, b"again")], None)
        assert store.scan("t", "s=a", [span(0, 1)]) == [[large]]
        assert store.get("large") == large

    def test_one_put_may_hold_many_tiles(self, store: Store) -> None:
        """Tile i of a put belongs to the entity that its number names, and several thousand of them
        are no hindrance.
        """
        entities = [f"s={number}" for number in range(1200)]
        places = [number for number in range(1200) for _ in range(3)]
        keys = TileKeys(
            "t", _HOUR, entities, places, [_BASE, _BASE + _HOUR, _BASE + 2 * _HOUR] * 1200
        )
        for more in (0, 1):
            records = [
                record(start - _BASE + more, str(entity).encode())
                for entity, start in zip(places, keys.starts_ms, strict=True)
            ]
            store.put_newer(keys, records, None)
            for number in (0, 7, 170, 171, 1199):
                assert store.scan("t", f"s={number}", [span(0, 3)]) == [
                    records[3 * number : 3 * number + 3]
                ]

    def test_a_key_may_be_as_long_as_the_store_says(self, store: Store) -> None:
        """An entity of the longest allowed length has its own tiles."""
        longest = "s=" + "x" * (store.max_entity_bytes - len("t") - 2)
        for sequence, entity in enumerate((longest, longest[:-1]), 1):
            store.put_newer(tiles(0, entity=entity), [record(sequence)], None)
        assert store.scan("t", longest, [span(0, 1)]) == [[record(1)]]
        assert store.scan("t", longest[:-1], [span(0, 1)]) == [[record(2)]]

    def test_a_longer_key_has_no_tiles(self, store: Store) -> None:
        """To ask for an entity that is longer than the store allows is no crash."""
        assert store.scan(
            "t", "s=" + "x" * 2 * store.max_entity_bytes, [span(0, 1), from_the_beginning()]
        ) == [[], []]

    def test_names_that_mean_something_elsewhere_are_names(self, store: Store) -> None:
        """Tiles of entities, tables and levels never mix, whatever their names are or begin
        with.
        """
        for number, entity in enumerate(HOSTILE, 1):
            store.put_newer(tiles(0, entity=entity), [record(number)], None)
            store.put_newer(tiles(0, entity=entity, table="tt"), [record(100 + number)], None)
            store.put_newer(
                tiles(0, entity=entity, size_ms=2 * _HOUR), [record(200 + number)], None
            )
        for number, entity in enumerate(HOSTILE, 1):
            assert store.scan("t", entity, [span(0, 2), span(0, 1, 2 * _HOUR)]) == [
                [record(number)],
                [record(200 + number)],
            ]
            assert store.scan("tt", entity, [span(-1, 2)]) == [[record(100 + number)]]

    def test_levels_that_begin_together_are_apart(self, store: Store) -> None:
        """Tiles of one start and several sizes, down to a second, have keys of their own (errata
        K1, K3).
        """
        sizes = [1000, 60_000, 300_000, 900_000, _HOUR, 6 * _HOUR, _DAY, 7 * _DAY]
        for size_ms in sizes:
            store.put_newer(
                TileKeys("t", size_ms, ["s=a"], [0], [_BASE // size_ms * size_ms]),
                [record(size_ms)],
                None,
            )
        found = [
            store.scan("t", "s=a", [Range(size, _BASE // size * size, _BASE // size * size + size)])
            for size in sizes
        ]
        assert found == [[[record(size_ms)]] for size_ms in sizes]
        assert len({(size, tile_id(_BASE // size * size, size)) for size in sizes}) == len(sizes)

    def test_documents_are_replaced(self, store: Store) -> None:
        """The last document put under a name is the one that is there, also an empty one."""
        for value in (b"first, and long", b"", b"\0third"):
            store.put("name", value)
            assert store.get("name") == value

    def test_the_first_document_of_a_name_stays(self, store: Store) -> None:
        """Whoever comes first decides, and all are told what was decided."""
        assert [store.put_first("name", value) for value in (b"first", b"second", b"")] == [
            b"first"
        ] * 3
        assert store.get("name") == b"first"

    def test_documents_may_have_any_name(self, store: Store) -> None:
        """Names of any length and script are apart, and none of them is a tile."""
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

    def test_closing_twice_is_harmless(self, url: str) -> None:
        """A store may be closed by whoever comes last."""
        store = open_store(url)
        store.close()
        store.close()

    def test_two_that_put_into_one_store_lose_nothing(self, url: str, store: Store) -> None:
        """A store that is open twice, as in two threads, holds what both put, and of one tile the
        newer.
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


class TransactionConformance(_OfAPlace):
    """The promises of `TransactionalStore` beside those of `Store`."""

    @pytest.fixture
    def store(self, url: str) -> Iterator[TransactionalStore]:
        """An empty store."""
        opened = open_store(url)
        assert isinstance(opened, TransactionalStore)
        yield opened
        opened.close()

    def test_tiles_are_found_by_key_and_by_scan(self, store: TransactionalStore) -> None:
        """What a transaction puts is what a scan and a later transaction find, in the order asked,
        None where there is nothing.
        """
        store.transact(lambda transaction: transaction.put_tiles(tiles(0, 1), [b"one", b""]))
        assert store.scan("t", "s=a", [span(0, 2)]) == [[b"one", b""]]
        assert store.transact(lambda transaction: transaction.get_tiles(tiles(1, 5, 0))) == [
            b"",
            None,
            b"one",
        ]

    def test_a_transaction_replaces_what_is_newer(self, store: TransactionalStore) -> None:
        """`put_tiles` asks for no sequence: the writer has merged what was there."""
        for value in (record(9), record(1, b"later")):
            store.transact(partial(_put_tile, value=value))
        assert store.scan("t", "s=a", [span(0, 1)]) == [[record(1, b"later")]]

    def test_a_transaction_sees_its_own_changes(self, store: TransactionalStore) -> None:
        """What was put in a transaction can be read in it, over what the store had before."""
        store.transact(lambda transaction: transaction.put_tiles(tiles(0, 1), [b"old", b"stays"]))

        def work(transaction: Transaction) -> tuple[list[bytes | None], bytes | None]:
            transaction.put_tiles(tiles(0), [b"new"])
            transaction.put("name", b"value")
            return transaction.get_tiles(tiles(0, 1)), transaction.get("name")

        assert store.transact(work) == ([b"new", b"stays"], b"value")

    def test_an_exception_leaves_nothing(self, store: TransactionalStore) -> None:
        """If a transaction fails, none of its tiles and documents is kept, and the next one
        works.
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
        """The value of the work is the value of the transaction."""
        assert store.transact(lambda transaction: 42) == 42

    def test_large_values_are_kept(self, store: TransactionalStore) -> None:
        """Records and documents of 10 MB, and many records of one put, come back whole."""
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
        """Every tile of a table, of all its entities and levels, once, with its record, and none of
        another table.
        """
        put: dict[str, int] = {}
        for number, (entity, size_ms) in enumerate(
            [("s=a", _HOUR), ("s=a", _DAY), ("s=b", _HOUR), ("s=\N{GRINNING FACE}", 1000)]
        ):
            for table in ("t", "tt"):
                keys = tiles(
                    *range(number, number + 2500), entity=entity, table=table, size_ms=size_ms
                )
                records = [
                    f"{table} {entity} {size_ms} {start}".encode() for start in keys.starts_ms
                ]
                store.put_newer(keys, records, None)
                put[table] = put.get(table, 0) + len(records)
        found = []
        for keys, records in store.tiles("t"):
            assert len(keys.starts_ms) == len(records)
            entities = [keys.entities[place] for place in keys.entity]
            found += [
                (f"t {entity} {keys.size_ms} {start}".encode(), record)
                for entity, start, record in zip(entities, keys.starts_ms, records, strict=True)
            ]
        assert all(expected == record for expected, record in found)
        assert len({record for _, record in found}) == len(found) == put["t"]
        assert list(store.tiles("nosuch")) == []


def _await_scan(store: Store, wanted: Range, expected: Sequence[bytes]) -> None:
    """Asks until the range holds what is expected, for ten seconds."""
    until = time.monotonic() + 10
    while (found := store.scan("t", "s=a", [wanted])[0]) != list(expected):
        assert time.monotonic() < until, f"still there: {found}"
        time.sleep(0.01)


def _put_tile(transaction: Transaction, value: bytes) -> None:
    transaction.put_tiles(tiles(0), [value])
