"""What every store can do; a new module in `tilewright_runtime.stores` is tested here by its being there."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.examples import few
from tilewright_runtime import stores
from tilewright_runtime.errors import StoreError
from tilewright_runtime.stores import Range, Store, TileKeys, Transaction, open_store

SCHEMES = sorted(module.name for module in pkgutil.iter_modules(stores.__path__) if module.name != "protocol")
#: Stores that end with their process; all others hold what was written when they are opened again.
EPHEMERAL = {"memory"}

HOUR = 3_600_000
ALWAYS = Range(HOUR, -(2**62) // HOUR * HOUR, 2**62 // HOUR * HOUR)


@pytest.fixture(params=SCHEMES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new place for a store of each kind."""
    return f"{request.param}:{tmp_path}/store"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An empty store of each kind."""
    opened = open_store(url)
    yield opened
    opened.close()


def keys(*starts: int, entity: str = "s=a", table: str = "t", size: int = HOUR) -> TileKeys:
    """The keys of some tiles of one entity."""
    return TileKeys(table, size, [entity], [0] * len(starts), list(starts))


def put(store: Store, tiles: TileKeys, records: Sequence[bytes]) -> None:
    store.transact(lambda transaction: transaction.put_tiles(tiles, records))


def put_document(store: Store, name: str, value: bytes) -> None:
    store.transact(lambda transaction: transaction.put(name, value))


def scan(store: Store, *ranges: Range, entity: str = "s=a", table: str = "t") -> list[list[bytes]]:
    return store.scan(table, entity, list(ranges) or [ALWAYS])


def test_what_was_put_is_there(store: Store) -> None:
    """A record is found by a scan and by its key, byte for byte."""
    put(store, keys(0, HOUR), [b"one", b"two"])
    assert scan(store) == [[b"one", b"two"]]
    assert store.transact(lambda transaction: transaction.get_tiles(keys(HOUR, 0))) == [b"two", b"one"]


def test_what_was_not_put_is_absent(store: Store) -> None:
    """An empty store has empty ranges, no tiles and no documents."""
    assert scan(store) == [[]]
    assert store.transact(lambda transaction: transaction.get_tiles(keys(0))) == [None]
    assert store.get("anything") is None


def test_absence_stands_beside_presence(store: Store) -> None:
    """Each key is answered in its place, whether or not it has a record."""
    put(store, keys(HOUR), [b"x"])
    assert store.transact(lambda transaction: transaction.get_tiles(keys(0, HOUR, 2 * HOUR))) == [None, b"x", None]


def test_a_scan_is_half_open(store: Store) -> None:
    """A range holds the tile at its start and not the one at its end."""
    put(store, keys(0, HOUR, 2 * HOUR, 3 * HOUR), [b"0", b"1", b"2", b"3"])
    assert scan(store, Range(HOUR, HOUR, 3 * HOUR)) == [[b"1", b"2"]]
    assert scan(store, Range(HOUR, HOUR, HOUR)) == [[]]


def test_several_ranges_are_answered_one_by_one(store: Store) -> None:
    """The answer has a list for each range, in the order asked, also where ranges overlap or are empty."""
    put(store, keys(0, HOUR, 2 * HOUR), [b"0", b"1", b"2"])
    put(store, keys(0, size=24 * HOUR), [b"day"])
    ranges = [Range(HOUR, HOUR, 9 * HOUR), Range(24 * HOUR, 0, 24 * HOUR), Range(HOUR, 7 * HOUR, 8 * HOUR), Range(HOUR, 0, 2 * HOUR)]
    assert scan(store, *ranges) == [[b"1", b"2"], [b"day"], [], [b"0", b"1"]]


@few(4)
@given(st.lists(st.integers(-500, 500), max_size=20, unique=True), st.integers(-600, 600), st.integers(0, 600), st.sampled_from(SCHEMES))
def test_a_scan_is_in_the_order_of_time(
    tmp_path_factory: pytest.TempPathFactory, places: list[int], begin: int, length: int, scheme: str
) -> None:
    """Whatever the order of the puts, a scan gives what lies in its range, oldest first, also before 1970."""
    store = open_store(f"{scheme}:{tmp_path_factory.mktemp('scan')}/store")
    starts = [place * HOUR for place in places]
    for some in (starts[::2], starts[1::2]):
        put(store, keys(*some), [str(start).encode() for start in some])
    inside = [start for start in sorted(starts) if begin * HOUR <= start < (begin + length) * HOUR]
    assert scan(store, Range(HOUR, begin * HOUR, (begin + length) * HOUR)) == [[str(start).encode() for start in inside]]
    store.close()


def test_a_newer_put_wins(store: Store) -> None:
    """A record and a document that are put again replace the ones before, whether longer or shorter."""
    for value in (b"first, and long", b"second", b"the third is the longest"):
        put(store, keys(0), [value])
        put_document(store, "name", value)
        assert scan(store) == [[value]]
        assert store.get("name") == value


def test_a_transaction_sees_its_own_changes(store: Store) -> None:
    """What was put in a transaction can be read in it, over what the store had before."""
    put(store, keys(0, HOUR), [b"old", b"stays"])

    def work(transaction: Transaction) -> tuple[list[bytes | None], bytes | None]:
        transaction.put_tiles(keys(0), [b"new"])
        transaction.put("name", b"value")
        return transaction.get_tiles(keys(0, HOUR)), transaction.get("name")

    assert store.transact(work) == ([b"new", b"stays"], b"value")


def test_an_exception_leaves_nothing(store: Store) -> None:
    """If a transaction fails, none of its tiles and documents is kept, and the next one works."""
    put(store, keys(0), [b"old"])

    def work(transaction: Transaction) -> None:
        transaction.put_tiles(keys(0, HOUR), [b"new", b"new"])
        transaction.put("name", b"value")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        store.transact(work)
    assert (scan(store), store.get("name")) == ([[b"old"]], None)
    put(store, keys(HOUR), [b"next"])
    assert scan(store) == [[b"old", b"next"]]


def test_a_transaction_returns_what_its_work_returns(store: Store) -> None:
    """The value of the work is the value of the transaction."""
    work: Callable[[Transaction], int] = lambda transaction: 42  # noqa: E731
    assert store.transact(work) == 42


def test_large_values_are_kept(store: Store) -> None:
    """Records and documents of 10 MB, and many records of one put, come back whole; so does an empty one."""
    large = bytes(range(256)) * 40_000
    put(store, keys(0, HOUR), [large, b""])
    store.transact(lambda transaction: transaction.put("large", large))
    assert scan(store) == [[large, b""]]
    assert store.get("large") == large
    many = list(range(0, 3000 * HOUR, HOUR))
    put(store, keys(*many, entity="s=many"), [large[:1000]] * len(many))
    assert scan(store, entity="s=many") == [[large[:1000]] * len(many)]


def test_a_key_may_be_as_long_as_the_store_says(store: Store) -> None:
    """An entity of the longest allowed length has its own tiles."""
    longest = "s=" + "x" * (store.max_entity_bytes - len("t") - 2)
    put(store, keys(0, entity=longest), [b"long"])
    put(store, keys(0, entity=longest[:-1]), [b"shorter"])
    assert scan(store, entity=longest) == [[b"long"]]
    assert scan(store, entity=longest[:-1]) == [[b"shorter"]]


def test_a_longer_key_has_no_tiles(store: Store) -> None:
    """To ask for an entity that is longer than the store allows is no crash."""
    assert scan(store, entity="s=" + "x" * 2 * store.max_entity_bytes) == [[]]


def test_entities_with_a_common_begin_are_apart(store: Store) -> None:
    """Tiles of entities, tables and levels whose names begin with one another's never mix."""
    entities = ["s=", "s=a", "s=aa", "s=a,i=1", "s=a%00", "s=b"]
    for entity in entities:
        put(store, keys(0, entity=entity), [entity.encode()])
        put(store, keys(0, entity=entity, table="tt"), [b"tt" + entity.encode()])
        put(store, keys(0, entity=entity, size=2 * HOUR), [b"2h" + entity.encode()])
    for entity in entities:
        assert scan(store, entity=entity) == [[entity.encode()]]
        assert scan(store, entity=entity, table="tt") == [[b"tt" + entity.encode()]]
        assert scan(store, Range(2 * HOUR, 0, 2 * HOUR), entity=entity) == [[b"2h" + entity.encode()]]


def test_one_put_may_hold_many_entities(store: Store) -> None:
    """Tile i of a put belongs to the entity that its number names."""
    names = [f"s={number}" for number in range(50)]
    places = [number for number in range(50) for _ in range(3)]
    tiles = TileKeys("t", HOUR, names, places, [0, HOUR, 2 * HOUR] * 50)
    records = [f"{entity} {start}".encode() for entity, start in zip(places, tiles.starts_ms, strict=True)]
    put(store, tiles, records)
    assert store.transact(lambda transaction: transaction.get_tiles(tiles)) == records
    assert scan(store, entity="s=7") == [records[21:24]]


def test_documents_may_have_any_name(store: Store) -> None:
    """Names of any length and script are apart, and none of them is a tile."""
    names = ["a", "position/g/s/file:///" + "x" * 3000, "position/g/s/file:///" + "x" * 2999 + "y", "é" * 70, "\N{GRINNING FACE}"]
    for name in names:
        put_document(store, name, name.encode())
    assert [store.get(name) for name in names] == [name.encode() for name in names]
    assert scan(store) == [[]]


def test_what_was_written_outlives_the_store(url: str) -> None:
    """Closed and opened again, a store has its tiles and documents, unless it is one that ends with its process."""
    first = open_store(url)
    put(first, keys(0), [b"x"])
    first.transact(lambda transaction: transaction.put("name", b"value"))
    first.close()
    again = open_store(url)
    kept = url.partition(":")[0] not in EPHEMERAL
    assert (scan(again), again.get("name")) == (([[b"x"]], b"value") if kept else ([[]], None))
    again.close()


def test_closing_twice_is_harmless(url: str) -> None:
    """A store may be closed by whoever comes last."""
    store = open_store(url)
    store.close()
    store.close()


def test_an_unknown_scheme_names_the_known_ones() -> None:
    """A URL of no store of ours is an error that says which there are."""
    for url in ("nosuch:x", "protocol:x", "no colon", ""):
        with pytest.raises(StoreError, match=", ".join(f"{scheme}:" for scheme in SCHEMES)):
            open_store(url)
