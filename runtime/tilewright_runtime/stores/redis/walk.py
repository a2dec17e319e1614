"""Everything of ours in a Redis.

It is found by walking over its keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, islice

from tilewright.windows import duration_ms
from tilewright_compiler.plan.model import EVENTS_NAME

from ...errors import StoreError
from ...tiles.keys import EVENTS, TILES, Kind, parse_tile_id, text_key
from ..base import EntityRecords, by_level
from ..contents import Content, Misfit, StoredDocument, StoredTiles
from ..counts import TileCounts
from .commands import CALL_KEYS, Commands
from .scan import FIRST

_DOCUMENTS = "tilewright::"
_KEY = re.compile(r"tiles::(.+?)::\{(.*)\}::([^:{}]+)::([^:{}]+)", re.DOTALL)
#: What a pattern of the server means otherwise.
_WILDCARD = re.compile(r"[*?\[\]\\]")
#: Table, entity, the name of the level, and the id of the tile.
_Parts = tuple[str, str, str, str]


class RedisWalk:
    """A walk over the keys of a server or cluster.

    What expires meanwhile is passed over.
    """

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        client = commands.client
        # The keys of a part lie on several nodes, which no single MGET may ask.
        self._get = client.mget_nonatomic if commands.is_cluster else client.mget
        self._counts: dict[str, TileCounts] = {}
        #: The first and the finest tiles that were seen.
        self._starts: dict[tuple[str, str, str], int] = {}
        self._finest: dict[str, int] = {}

    def contents(self) -> Iterator[Content]:
        """Yield documents, then tiles, then chunks of raw events.

        No key says the size of a chunk.
        """
        for keys in self._keys(f"{_DOCUMENTS}*"):
            for key, content in self._values(keys):
                name = key.removeprefix(_DOCUMENTS)
                kind, _, table = name.partition("/")
                if kind == "counts":
                    with suppress(StoreError):  # who looks at the document says that it is damaged
                        self._counts[table] = TileCounts.from_bytes(content)
                yield StoredDocument(name, content)
        later: dict[str, list[str]] = {FIRST: [], EVENTS_NAME: []}
        for keys in self._keys("tiles::*"):
            tiles: list[str] = []
            for key in keys:
                later.get(_kind(key), tiles).append(key)
            yield from self._tiles(tiles)
        for part in _in_parts(later[EVENTS_NAME]):
            yield from self._tiles(part)
        for part in _in_parts(later[FIRST]):
            yield from self._misplaced(part)

    def entities(self) -> Iterator[tuple[str, str]]:
        """Yield table and entity of each key of a tile."""
        for key in chain.from_iterable(self._keys("tiles::*")):
            if (match := _KEY.fullmatch(key)) is not None:
                yield match[1], match[2]

    def read_entity(self, table: str, entity: str) -> EntityRecords:
        """Read all records of an entity."""
        names = [name for name in self._names_of(table, entity) if _kind(name) != FIRST]
        contents = self._tiles(names)
        return [(one.keys, list(one.records)) for one in contents if isinstance(one, StoredTiles)]

    def delete_entity(self, table: str, entity: str) -> EntityRecords:
        """Delete all records of an entity, and its indexes."""
        deleted = self.read_entity(table, entity)
        names = self._names_of(table, entity)
        for part in _in_parts(names):
            self._commands.ask(partial(self._commands.client.unlink, *part))
        return deleted

    def _names_of(self, table: str, entity: str) -> list[str]:
        """Find the keys of an entity's records and indexes."""
        counted = self._commands.ask(
            partial(self._commands.client.get, f"{_DOCUMENTS}counts/{table}")
        )
        if counted is not None:
            self._counts[table] = TileCounts.from_bytes(counted)
        literal = _WILDCARD.sub(r"\\\g<0>", entity)
        names = []
        for name in chain.from_iterable(self._keys(text_key(table, literal, "*", "*"))):
            match = _KEY.fullmatch(name)
            if match is not None and (match[1], match[2]) == (table, entity):
                names.append(name)
        # The size of chunks of raw events may be known from tiles only, so they come last.
        return sorted(names, key=lambda name: _kind(name) == EVENTS_NAME)

    def _keys(self, pattern: str) -> Iterator[list[str]]:
        """Yield the keys of a pattern in parts.

        Each key comes once.
        """
        # The server may name a key twice while it grows.
        seen: set[int] = set()
        keys = iter(self._commands.client.scan_iter(pattern, count=CALL_KEYS))
        while part := self._commands.ask(lambda: list(islice(keys, CALL_KEYS))):
            new = [key for key in part if hash(key) not in seen]
            seen.update(map(hash, new))
            yield [key.decode(errors="backslashreplace") for key in new]

    def _values(self, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        values = self._commands.ask(partial(self._get, keys)) if keys else []
        for key, value in zip(keys, values, strict=True):
            if value is not None:
                yield key, value

    def _tiles(self, keys: Sequence[str]) -> Iterator[Content]:
        """Read tiles, and yield them by table and level."""
        tables: dict[str, list[tuple[str, Kind, int, int, bytes]]] = {}
        for key, record in self._values(keys):
            try:
                table, entity, level, tile = _parts(key)
                kind, size_ms = self._size(table, level)
                start_ms = parse_tile_id(tile, size_ms)
            except ValueError:
                yield Misfit(f"key {key}", "no key of a tile")
                continue
            tables.setdefault(table, []).append((entity, kind, size_ms, start_ms, record))
            place = (table, entity, level)
            self._starts[place] = min(self._starts.get(place, start_ms), start_ms)
        for table, tiles in tables.items():
            for of_level, records in by_level(table, tiles):
                yield StoredTiles(of_level, records)

    def _size(self, table: str, level: str) -> tuple[Kind, int]:
        """Tell a level's kind and size.

        Chunks have the size that was counted, else that of the finest tiles.
        """
        if level != EVENTS_NAME:
            size_ms = duration_ms(level)
            self._finest[table] = min(self._finest.get(table, size_ms), size_ms)
            return TILES, size_ms
        counted = self._counts.get(table, TileCounts()).by_level
        sizes = [size_ms for kind, size_ms in counted if kind == EVENTS]
        size = sizes[0] if sizes else self._finest.get(table)
        if size is None:
            raise StoreError(
                f"store {self._commands.url}: the length of the chunks of raw events of {table} is "
                "not known, since an older version put them. Write events once more, then verify."
            )
        return EVENTS, size

    def _misplaced(self, keys: Sequence[str]) -> Iterator[Content]:
        """Yield indexes that do not name an entity's first tile."""
        for key, content in self._values(keys):
            table, entity, level, _ = _parts(key)
            first_ms = self._starts.get((table, entity, level))
            try:
                is_first = int(content) == first_ms
            except ValueError:
                is_first = False
            if not is_first:
                yield Misfit(f"key {key}", "it does not name the first tile of its entity", table)


def _in_parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[at : at + CALL_KEYS] for at in range(0, len(keys), CALL_KEYS))


def _kind(key: str) -> str:
    """Tell what a key is looked at for.

    Indexes and chunks of raw events are looked at later than other keys.
    """
    match = _KEY.fullmatch(key)
    if match is None:
        return ""
    return FIRST if match[4] == FIRST else match[3]


def _parts(key: str) -> _Parts:
    match = _KEY.fullmatch(key)
    if match is None:
        raise ValueError(f"{key!r} is no key of a tile")
    table, entity, level, tile = match.groups()
    return table, entity, level, tile
