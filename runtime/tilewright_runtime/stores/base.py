"""What every store can do, and how one is found by its URL."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, Self, TypeVar, runtime_checkable

import numpy as np

from tilewright.suggestions import nearest_name

from ..errors import StoreError
from ..tiles.header import precedence
from ..tiles.keys import Kind, Range, TileKeys
from .contents import Content
from .filling import Filling, State

T = TypeVar("T")

#: An entity, and the ranges of its records that are wanted.
ScanRequest = tuple[str, Sequence[Range]]

#: The layout of everything in a store; another number is refused.
FORMAT = "1"

#: The package whose modules are the stores.
_BACKENDS = f"{__package__}.backends"

#: The user and password of a URL, which no message shows.
_PASSWORD = re.compile(r"//.*@")


class Transaction(Protocol):
    """What may be done in one atomic change: all of it happens, or nothing."""

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """The record of each tile, None where there is none."""

    def put_tiles(self, keys: TileKeys, records: Sequence[bytes]) -> None:
        """Writes the record of each tile, whatever was there."""

    def get(self, name: str) -> bytes | None:
        """A named document, such as a source's position."""

    def put(self, name: str, value: bytes) -> None:
        """Writes a named document."""


class Store(Protocol):
    """A place for tiles and for the small documents that go with them: what every store can do, far
    or near.
    """

    url: str
    """The URL as messages show it, without a password."""
    max_entity_bytes: int
    """The longest text of an entity, together with its table's name, that a key can hold."""
    expires: bool
    """Whether tiles go when their time to live has passed; a store that does not forget keeps them
    all.
    """

    def scan_many(self, table: str, requests: Sequence[ScanRequest]) -> list[list[list[bytes]]]:
        """The records of each entity in each of its ranges, oldest first; one round trip.

        For lifetimes a store that has to enumerate keys may need a second round trip; any other
        range it may refuse if it is very long.
        """

    def scan(self, table: str, entity: str, ranges: Sequence[Range]) -> list[list[bytes]]:
        """What `scan_many` gives for one entity."""
        (records,) = self.scan_many(table, [(entity, ranges)])
        return records

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """The record of each tile, None where there is none; of many entities at once, some hundred
        tiles a round trip.
        """

    def put_newer(self, keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None) -> None:
        """Puts whole tiles, each at most once, where they are newer than what is stored
        (`header.precedence`); the others are no change.

        So a put may be repeated, and puts may come in any order: the newest stays. Each tile by
        itself is put whole or not at all; of several, some may have been put when an error is
        raised. A store that expires forgets a tile no earlier than `ttl_ms` after it was last put,
        also by a put that changed nothing, and never if that is None. Raises StoreError if the
        store has not acknowledged all of them.
        """

    def get(self, name: str) -> bytes | None:
        """A named document."""

    def put(self, name: str, value: bytes) -> None:
        """Writes a named document. Raises StoreError if the store has not acknowledged it."""

    def put_first(self, name: str, value: bytes) -> bytes:
        """Writes a named document unless there is one, in one atomic step, and returns the one that
        is there now.
        """

    def contents(self) -> Iterator[Content]:
        """Everything in the store, documents first; of one moment where it has transactions.

        A tile comes once. Raises StoreError if the store is damaged so that it cannot be read.
        """

    def close(self) -> None:
        """Lets go of files and connections; closing twice is harmless."""

    def __enter__(self) -> Self:
        """The store itself, which is closed at the end of a with statement."""
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Scanned(NamedTuple):
    """Records, and what is to be said against them."""

    records: list[list[list[bytes]]]
    """Of each request, by range."""
    plan: bytes | None
    """The document of the plan (`ownership`); None where the store holds nothing of the table."""
    condition: str
    """What keeps the table from being whole: `updating`, `filling`, `evicted`, `restarted` (it may
    be an older snapshot), `unknown`, or nothing.
    """


@runtime_checkable
class CheckedStore(Store, Protocol):
    """A store that takes whole tiles, and can lose some without a word; it can tell when."""

    def scan_checked(self, table: str, requests: Sequence[ScanRequest]) -> Scanned:
        """What `scan_many` gives, and in the same round trip what keeps the table from being
        whole.
        """

    def filling(self, table: str) -> Filling:
        """How far the table is filled, and on which servers."""

    def advance(self, seen: Filling, events: int, state: State) -> Filling | None:
        """Says how far a table is filled, if no server has lost anything since it was seen.

        That is one atomic step on each server. Returns what is said, or None.
        """


@runtime_checkable
class TransactionalStore(Store, Protocol):
    """A store that changes tiles and documents together: the writer needs one to commit tiles with
    the positions of their sources.
    """

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in one atomic change and returns what it returns; it may be run again, so it
        must not keep state.

        Raises StoreError if another process is writing.
        """

    def tiles(self, table: str) -> Iterator[tuple[TileKeys, list[bytes]]]:
        """All tiles of a table, in parts of some thousand, each of one level; what is put meanwhile
        may be among them.
        """


def put_newer(transaction: Transaction, keys: TileKeys, records: Sequence[bytes]) -> None:
    """`Store.put_newer` for stores that have transactions."""
    stored = transaction.get_tiles(keys)
    newer = [
        place
        for place, (record, old) in enumerate(zip(records, stored, strict=True))
        if old is None or precedence(record) > precedence(old)
    ]
    transaction.put_tiles(
        keys.take(np.array(newer, dtype=np.intp)), [records[place] for place in newer]
    )


def by_level(
    table: str, tiles: Iterable[tuple[str, Kind, int, int, bytes]]
) -> Iterator[tuple[TileKeys, list[bytes]]]:
    """Group records, as (entity, kind, size_ms, start_ms, record), by kind and size."""
    levels: dict[tuple[Kind, int], list[tuple[str, int, bytes]]] = {}
    for entity, kind, size_ms, start_ms, record in tiles:
        levels.setdefault((kind, size_ms), []).append((entity, start_ms, record))
    for (kind, size_ms), found in levels.items():
        places = {
            entity: place
            for place, entity in enumerate(dict.fromkeys(entity for entity, _, _ in found))
        }
        keys = TileKeys(
            table,
            size_ms,
            list(places),
            [places[entity] for entity, _, _ in found],
            [start for _, start, _ in found],
            kind,
        )
        yield keys, [record for _, _, record in found]


def tile_namer(url: str, keys: TileKeys) -> Callable[[int], str]:
    """Makes a function that names the i-th of some tiles of a store in an error."""
    return lambda i: f"store {url}, tile {keys.name(i)}"


def put_first(transaction: Transaction, name: str, value: bytes) -> bytes:
    """`Store.put_first` for stores that have transactions."""
    found = transaction.get(name)
    if found is None:
        transaction.put(name, value)
    return value if found is None else found


def require_format(store: str, present: bytes, advice: str) -> None:
    """Raises StoreError for a store whose layout this version cannot read."""
    if present != FORMAT.encode():
        shown = present.decode(errors="replace")
        raise StoreError(f"{store} has format {shown}, this version reads {FORMAT}. {advice}")


def store_modules() -> list[str]:
    """The names of the modules that hold a store, which are the schemes of their URLs."""
    package = importlib.import_module(_BACKENDS)
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def open_store(url: str, create: bool = True) -> Store:
    """Opens a store by its URL, for instance `lmdb:PATH`, and makes it if it is not there and may
    be made.

    A store that is opened with `create=False` is only read. Raises StoreError if it cannot be
    opened.
    """
    scheme, colon, rest = url.partition(":")
    names = store_modules()
    if not colon or scheme not in names:
        known = ", ".join(f"{name}:" for name in names)
        shown = _PASSWORD.sub("//***@", url)
        near = nearest_name(scheme, names) if colon else None
        advice = f" Did you mean {near}:?" if near is not None else ""
        raise StoreError(
            f"store {shown!r}: a store URL begins with one of {known} (for instance "
            f"lmdb:tiles.lmdb).{advice}"
        )
    store: Store = importlib.import_module(f"{_BACKENDS}.{scheme}").open_url(url, rest, create)
    return store
