"""What every store can do, and how one is found by its URL."""

from __future__ import annotations

import importlib.util
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError
from ..keys import ordered_keys

T = TypeVar("T")

#: The layout of everything in a store; another number is refused.
FORMAT = "1"


class Range(NamedTuple):
    """The tiles of one level whose starts lie in [start_ms, end_ms)."""

    size_ms: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class TileKeys:
    """The keys of many tiles of one level: tile i belongs to `entities[entity[i]]` and begins at `starts_ms[i]`."""

    table: str
    size_ms: int
    entities: Sequence[str]
    entity: Sequence[int]
    starts_ms: Sequence[int]

    @cached_property
    def ordered(self) -> list[bytes]:
        """The keys as ordered bytes, made once however often they are used."""
        return ordered_keys(self.table, self.size_ms, self.entities, self.entity, self.starts_ms)

    def take(self, places: NDArray[np.intp]) -> TileKeys:
        """The keys of some of the tiles."""
        if len(places) == len(self.starts_ms):
            return self
        return replace(self, entity=np.asarray(self.entity)[places].tolist(), starts_ms=np.asarray(self.starts_ms)[places].tolist())


class Transaction(Protocol):
    """What may be done in one atomic change: all of it happens, or nothing."""

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """The record of each tile, None where there is none."""

    def put_tiles(self, keys: TileKeys, records: Sequence[bytes]) -> None:
        """Writes the record of each tile."""

    def get(self, name: str) -> bytes | None:
        """A named document, such as a source's position."""

    def put(self, name: str, value: bytes) -> None:
        """Writes a named document."""


class Store(Protocol):
    """A place for tiles and for the small documents that go with them."""

    url: str
    max_entity_bytes: int
    """The longest text of an entity, together with its table's name, that a key can hold."""

    def scan(self, table: str, entity: str, ranges: Sequence[Range]) -> list[list[bytes]]:
        """The records of an entity in each range, oldest first; one round trip."""

    def get(self, name: str) -> bytes | None:
        """A named document."""

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in one atomic change and returns what it returns; it may be run again, so it must not keep state.

        Raises StoreError if another process is writing.
        """

    def close(self) -> None:
        """Lets go of files and connections; closing twice is harmless."""


def open_store(url: str, create: bool = True) -> Store:
    """Opens a store by its URL, `lmdb:PATH` or `memory:`, and makes it if it is not there and may be made.

    Raises StoreError if it cannot be opened.
    """
    scheme, colon, rest = url.partition(":")
    package = __package__ or ""
    names = sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__) if module.name != "protocol")
    if not colon or scheme not in names:
        known = ", ".join(f"{name}:" for name in names)
        raise StoreError(f"store {url!r}: a store URL begins with one of {known} (for instance lmdb:tiles.lmdb).")
    store: Store = importlib.import_module(f"{package}.{scheme}").open_url(url, rest, create)
    return store
