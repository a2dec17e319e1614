"""Tiles in Redis, a key for each tile.

One MGET reads a cover. A function on the server puts tiles and keeps the newer one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from tilewright.windows import MINUTE_MS

from ...errors import StoreError, installation_of
from ...tiles.keys import TileKeys
from ..base import (
    FORMAT,
    AsyncStore,
    EntityRecords,
    Scanned,
    ScanRequest,
    require_format,
)
from ..checked_store import CheckedStore
from ..contents import Content
from ..filling import Filled, Filling, State
from ..health import StoreHealth
from ..opening import CLUSTERS
from ..redis.async_commands import AsyncRedis
from ..redis.checked_scan import checked_scan, document_key, filled_keys, scanning
from ..redis.commands import CALL_KEYS, Commands
from ..redis.functions import ADVANCE, SEEN
from ..redis.health import redis_health
from ..redis.puts import put_calls, put_rounds, swap_calls
from ..redis.servers import Servers, server_of
from ..redis.walk import RedisWalk


class RedisStore(CheckedStore):
    """Tiles and documents in one database of Redis.

    It is a server or a cluster; threads may share the store. `create` says whether tiles will be
    put: then the functions are loaded, which a read-only replica would refuse.
    """

    # Redis could hold longer keys. But the rows that a writer refuses are those whose keys the
    # embedded store beside it cannot hold, and what was refused must not be answered as if it had
    # never happened.
    max_entity_bytes = 493
    live_ahead_ms = 5 * MINUTE_MS
    expires = True

    def __init__(self, url: str, create: bool = True) -> None:
        self._commands = Commands(url)
        self.url = self._commands.url
        # The nodes of a cluster answer in any order.
        self.reads_in_order = not self._commands.is_cluster
        self._servers = Servers(self._commands)
        present = self.put_first("format", FORMAT.encode()) if create else self.get("format")
        if present is not None:
            require_format(f"store {self.url}", present, "Use another database.")
        if create:
            self._commands.load_functions()

    @property
    def is_cluster(self) -> bool:
        """Whether several servers share the keys."""
        return self._commands.is_cluster

    def scan_many(self, table: str, requests: Sequence[ScanRequest]) -> list[list[list[bytes]]]:
        """Read each entity's records by range, oldest first.

        That is one round trip: one MGET, or several in flight together. Lifetimes need another
        round trip before it.
        """
        return self._commands.run(scanning(self._commands, table, requests))

    def scan_checked(
        self,
        table: str,
        requests: Sequence[ScanRequest],
        names: Sequence[str] = (),
        batch_keys: int = CALL_KEYS,
    ) -> Scanned:
        """Read the same, and say why it may lack some.

        Both come in the same round trip, as do the documents of some names.
        """
        pool = None if self.is_cluster else self._commands.client.connection_pool
        exchange = checked_scan(
            self._commands, self._servers, table, requests, names, batch_keys, pool
        )
        return self._commands.run(exchange)

    def open_async(self) -> AsyncStore:
        """Open the same database for tasks of asyncio."""
        return AsyncRedis(self._commands, self._servers)

    def filling(self, table: str) -> Filling:
        """Read how far the table is filled, by server."""
        keys = tuple(filled_keys(table, self._servers.all_tags()))
        seen = self._commands.call([("FCALL", SEEN, 1, key) for key in keys])
        documents = [one[0] for one in seen]
        filled = [Filled.from_bytes(document) for document in documents]
        return Filling(keys, documents, [server_of(one) for one in seen], filled)

    def advance(self, seen: Filling, events: int, state: State) -> Filling | None:
        """Say how far the table is filled.

        Nothing is said if a server has lost something since it was seen.
        """
        calls, documents, filled = [], [], []
        for key, before, server in zip(seen.names, seen.documents, seen.servers, strict=True):
            filled.append(Filled.of(server, events, state))
            documents.append(filled[-1].to_bytes())
            arguments = (before or "", server.run, server.evicted, documents[-1])
            calls.append(("FCALL", ADVANCE, 1, key, *arguments))
        if not all(self._commands.call(calls)):
            return None
        return Filling(seen.names, documents, seen.servers, filled)

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """Read each tile's record, or None.

        MGETs read some hundred keys each. In a cluster there is one for each slot.
        """
        # The tiles of several entities lie on several nodes, which no single MGET may ask.
        client, texts = self._commands.client, keys.texts
        get = client.mget_nonatomic if self._commands.is_cluster else client.mget
        records: list[bytes | None] = []
        for at in range(0, len(texts), CALL_KEYS):
            records += self._commands.ask(partial(get, texts[at : at + CALL_KEYS]))
        return records

    def read_entity(self, table: str, entity: str) -> EntityRecords:
        """Read all records of an entity.

        It is a walk over the keys.
        """
        return RedisWalk(self._commands).read_entity(table, entity)

    def delete_entity(self, table: str, entity: str) -> EntityRecords:
        """Delete all records of an entity, and its indexes."""
        return RedisWalk(self._commands).delete_entity(table, entity)

    def put_newer(self, keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None) -> None:
        """Put the tiles that are newer than what is stored.

        Each call puts some hundred. While a server works at one, the next are made.
        """
        if not self.is_cluster:
            self._commands.stream(partial(put_rounds, keys, records, ttl_ms))
            return
        for calls in put_calls(keys, records, ttl_ms):
            self._commands.call(calls)

    def compare_and_swap(
        self,
        keys: TileKeys,
        expected: Sequence[bytes | None],
        records: Sequence[bytes],
        ttl_ms: int | None,
    ) -> list[bool]:
        """Replace the tiles that are still what is expected.

        Each call swaps some hundred.
        """
        swapped: list[bool] = []
        for calls in swap_calls(keys, expected, records, ttl_ms, self._commands.is_cluster):
            for answer in self._commands.call(calls):
                if isinstance(answer, list):  # the others say where an entity begins
                    swapped += map(bool, answer)
        return swapped

    def get(self, name: str) -> bytes | None:
        """Read a named document."""
        client = self._commands.client
        document: bytes | None = self._commands.ask(lambda: client.get(document_key(name)))
        return document

    def put(self, name: str, value: bytes) -> None:
        """Write a named document."""
        client = self._commands.client
        self._commands.ask(lambda: client.set(document_key(name), value))

    def put_first(self, name: str, value: bytes) -> bytes:
        """Write a named document unless there is one.

        Returns the one that is there.
        """
        client, key = self._commands.client, document_key(name)
        present: bytes | None = self._commands.ask(
            lambda: client.set(key, value, nx=True, get=True)
        )
        return value if present is None else present

    def contents(self) -> Iterator[Content]:
        """Read everything, by a walk over the keys."""
        return RedisWalk(self._commands).contents()

    def entities(self) -> Iterator[tuple[str, str]]:
        """Walk the entities, by a walk over the keys."""
        return RedisWalk(self._commands).entities()

    def health(self) -> StoreHealth:
        """Measure how fast it answers, and how full it is."""
        return redis_health(self._commands)

    def close(self) -> None:
        """Close the connections."""
        self._commands.close()


def open_url(url: str, rest: str, create: bool) -> RedisStore:
    """Open the tiles of a Redis, where nothing must exist."""
    try:
        import redis  # noqa: F401
    except ImportError:
        raise StoreError(
            f"a redis: store needs the package redis. Install it with: {installation_of('redis')}."
        ) from None
    store = RedisStore(url.replace("+cluster:", ":", 1), create)
    if url.startswith(CLUSTERS) and not store.is_cluster:
        store.close()
        raise StoreError(
            f"store {store.url} is no cluster, but a server by itself. Write redis: instead of "
            "redis+cluster:, or name a node of the cluster."
        )
    return store
