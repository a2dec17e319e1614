"""What every store can do, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, TypeVar

from tilewright.windows import DAY_MS

from ..errors import StoreError
from ..tiles.keys import Kind, Range, TileKeys

if TYPE_CHECKING:
    from .contents import Content
    from .health import StoreHealth

T = TypeVar("T")

#: An entity, and the ranges of its records that are wanted.
ScanRequest = tuple[str, Sequence[Range]]

#: The records of one range, oldest first. The kernel may hold them, and copy one that is looked at.
Records = Sequence[bytes]

#: All records of an entity in a table, by kind and size.
EntityRecords = list[tuple[TileKeys, list[bytes]]]

#: The layout of everything in a store; another number is refused.
FORMAT = "1"


class Transaction(Protocol):
    """What may be done in one atomic change.

    All of it happens, or nothing.
    """

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """Read each tile's record, or None."""

    def put_tiles(self, keys: TileKeys, records: Sequence[bytes]) -> None:
        """Write the record of each tile, whatever was there."""

    def delete_entity(self, table: str, entity: str) -> EntityRecords:
        """Delete all records of an entity, and return them."""

    def get(self, name: str) -> bytes | None:
        """Read a named document, such as a source's position."""

    def put(self, name: str, value: bytes) -> None:
        """Write a named document."""


class Store(Protocol):
    """A place for tiles and their small documents.

    This is what every store can do, far or near.
    """

    url: str
    """The URL as messages show it, without a password."""
    max_entity_bytes: int
    """The longest text of an entity, together with its table's name, that a key can hold."""
    live_ahead_ms: int = DAY_MS
    """How far beyond now a fetch without a time looks for tiles, whose producers' clocks run ahead.

    A store that has to name each tile that it reads looks less far.
    """
    reads_in_order: bool = True
    """Whether documents that are read with records are never younger than those."""
    expires: bool
    """Whether tiles go when their time to live has passed; a store that does not forget keeps them
    all.
    """

    def scan_many(self, table: str, requests: Sequence[ScanRequest]) -> Sequence[Sequence[Records]]:
        """Read each entity's records by range, oldest first.

        That is one round trip. For lifetimes a store that has to enumerate keys may need a second
        one; any other range it may refuse if it is very long.
        """

    def scan_with(
        self, table: str, requests: Sequence[ScanRequest], names: Sequence[str]
    ) -> tuple[Sequence[Sequence[Records]], list[bytes | None]]:
        """Do `scan_many`, and read some named documents.

        No document is younger than the records. A store that can does both in one round trip.
        """
        documents = [self.get(name) for name in names]
        return self.scan_many(table, requests), documents

    def scan(self, table: str, entity: str, ranges: Sequence[Range]) -> Sequence[Records]:
        """Do `scan_many` for one entity."""
        (records,) = self.scan_many(table, [(entity, ranges)])
        return records

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """Read each tile's record, or None.

        The tiles may be of many entities; some hundred are one round trip.
        """

    def read_entity(self, table: str, entity: str) -> EntityRecords:
        """Read all records of an entity, of whatever level.

        A store without ordered keys walks over all of them.
        """

    def delete_entity(self, table: str, entity: str) -> EntityRecords:
        """Delete all records of an entity, and their indexes.

        Returns them as they were. What is put meanwhile may stay.
        """

    def put_newer(self, keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None) -> None:
        """Put whole tiles that are newer than what is stored.

        `header.precedence` says which is newer; the others change nothing. Each tile comes at most
        once. So a put may be repeated, and puts may come in any order: the newest stays. Each tile
        by itself is put whole or not at all; of several, some may have been put when an error is
        raised. A store that expires forgets a tile no earlier than `ttl_ms` after it was last put,
        even by a put that changed nothing, and never if that is None. Raises StoreError if the
        store has not acknowledged all of them.
        """

    def compare_and_swap(
        self,
        keys: TileKeys,
        expected: Sequence[bytes | None],
        records: Sequence[bytes],
        ttl_ms: int | None,
    ) -> list[bool]:
        """Replace the tiles that are still what is expected.

        `expected` says of each which version its record has (`header.version_of`), and None that
        there is none. Each tile by itself is compared and replaced in one atomic step, with the
        time to live of a put; the others stay as they are. Returns which were replaced. One whose
        answer was lost on its way, so that it was asked again, may be among the others. Raises
        what `put_newer` raises.
        """

    def get(self, name: str) -> bytes | None:
        """Read a named document."""

    def put(self, name: str, value: bytes) -> None:
        """Write a named document.

        Raises StoreError if the store has not acknowledged it.
        """

    def put_first(self, name: str, value: bytes) -> bytes:
        """Write a named document unless there is one.

        That is one atomic step. Returns the document that is there now.
        """

    def contents(self) -> Iterator[Content]:
        """Walk everything in the store, documents first.

        In a store with transactions it is of one moment. A tile comes once. Raises StoreError if
        the store is damaged so that it cannot be read.
        """

    def entities(self) -> Iterator[tuple[str, str]]:
        """Walk the entities of all tables.

        They are pairs of table and entity, and may come again. Raises what `contents` raises.
        """
        from .contents import StoredTiles  # no fetch needs it

        for content in self.contents():
            if isinstance(content, StoredTiles):
                for entity in content.keys.entities:
                    yield content.keys.table, entity

    def read_mapped(
        self, name: str, work: Callable[[Any, int | None, bytes], T | None]
    ) -> T | None:
        """Run some work on the store's mapped file.

        The kernel reads the file as of one moment. The work is given what the kernel knows of the
        file, the number of the moment, and the key of a named document. Without a number it reads
        as of the last moment that it was given, and finds None if something was written since;
        then it is asked again. None if the store is no such file, or was not mapped yet.
        """
        return None

    def last_change(self) -> int | None:
        """Number the last change of anything in the store.

        As long as it is the same, everything reads as before. None if the store does not number its
        changes.
        """
        return None

    def has_changed(self, change: int) -> bool:
        """Tell whether anything changed since a change of some number.

        It may have begun to.
        """
        return self.last_change() != change

    def open_async(self) -> AsyncStore | None:
        """Open the same store for tasks of asyncio.

        None for a store that answers without waiting, so that there is nothing to await.
        """
        return None

    def health(self) -> StoreHealth:
        """Measure how the store fares.

        Raises StoreError if it does not answer.
        """

    def close(self) -> None:
        """Close files and connections.

        Closing twice is harmless.
        """

    def __enter__(self) -> Self:
        """Return the store, to be closed at the end."""
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Scanned(NamedTuple):
    """Records, and what is to be said against them."""

    records: Sequence[Sequence[Records]]
    """Of each request, by range."""
    plan: bytes | None
    """The document of the plan (`ownership`); None where the store holds nothing of the table. Of a
    store that keeps all until it is swept, the document of that (`sweeping`).
    """
    condition: str
    """What keeps the table from being whole: `updating`, `filling`, `evicted`, `restarted` (it may
    be an older snapshot), `unknown`, or nothing.
    """
    documents: Sequence[bytes | None] = ()
    """The other documents that were asked for."""


class AsyncStore(Protocol):
    """Reads of a `CheckedStore` that are awaited."""

    async def scan_checked(
        self,
        table: str,
        requests: Sequence[ScanRequest],
        names: Sequence[str] = (),
        batch_keys: int = 512,
    ) -> Scanned:
        """Do what `CheckedStore.scan_checked` does."""

    async def aclose(self) -> None:
        """Close the connections.

        Closing twice is harmless.
        """


def by_level(
    table: str, tiles: Iterable[tuple[str, Kind, int, int, bytes]]
) -> Iterator[tuple[TileKeys, list[bytes]]]:
    """Group records by kind and size.

    They are given as (entity, kind, size_ms, start_ms, record).
    """
    levels: dict[tuple[Kind, int], list[tuple[str, int, bytes]]] = {}
    for entity, kind, size_ms, start_ms, record in tiles:
        levels.setdefault((kind, size_ms), []).append((entity, start_ms, record))
    for (kind, size_ms), of_level in levels.items():
        indices: dict[str, int] = {}
        entity_indices, starts_ms, records = [], [], []
        for entity, start_ms, record in of_level:
            entity_indices.append(indices.setdefault(entity, len(indices)))
            starts_ms.append(start_ms)
            records.append(record)
        yield TileKeys(table, size_ms, list(indices), entity_indices, starts_ms, kind), records


def tile_namer(url: str, keys: TileKeys) -> Callable[[int], str]:
    """Make the function that names some tiles in errors."""
    return lambda i: f"store {url}, tile {keys.name(i)}"


def require_format(store: str, present: bytes, advice: str) -> None:
    """Require a layout that this version can read.

    Raises StoreError for a store of another one.
    """
    if present != FORMAT.encode():
        shown = present.decode(errors="replace")
        raise StoreError(f"{store} has format {shown}, this version reads {FORMAT}. {advice}")
