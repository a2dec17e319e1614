"""Tiles in Redis: a key a tile, a cover read by one MGET, tiles put by a function on the server
that keeps the newer one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import chain, groupby, islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ...errors import StoreError
from ...tiles.keys import Range, TileKeys, text_prefix, tile_id
from ..base import FORMAT, ScanRequest, Store, require_format
from ..passwords import PASSWORD_VARIABLE, password_from_environment

T = TypeVar("T")

_TIMEOUT_S = 5.0
_CONNECTIONS = 16
_OLDEST = 7

#: Tiles and bytes of one call, which the server works off without doing anything else: about a
#: millisecond.
_CALL_TILES = 512
_CALL_BYTES = 1 << 20
#: MGETs of one round trip: what both sides hold at once is bounded.
_IN_FLIGHT = 64
#: A longer range that is no lifetime is no cover; to enumerate its keys would take the
#: memory of both sides.
_LONGEST_RANGE = 1_000_000

#: The covers of all entities ask for the same ids, and to make one takes longer than to look it up.
_tile_id = lru_cache(1 << 16)(tile_id)

_DOCUMENT = "tilewright::{}"
_FIRST = "first"

# `put` compares what header.precedence compares: the sequence (bytes 16-23, as two halves that
# Lua's numbers hold exactly), then the flags (byte 5). It reads bytes 5-23 of what is stored, so
# that the size of a record costs nothing. Numbers are compared, since texts would be compared by
# the server's locale.
_LIBRARY = """
local function rank(header)
  if #header < 19 then return {-1, -1, -1} end
  local flags, low, high = struct.unpack('<BxxxxxxxxxxI4I4', header)
  return {high, low, flags}
end

local function newer(record, stored)
  local a, b = rank(record), rank(stored)
  for i = 1, 3 do
    if a[i] ~= b[i] then return a[i] > b[i] end
  end
  return false
end

local function put(keys, args)
  local ttl = tonumber(args[1])
  for i, key in ipairs(keys) do
    local record = args[i + 1]
    if redis.call('EXISTS', key) == 0
        or newer(record:sub(6, 24), redis.call('GETRANGE', key, 5, 23)) then
      if ttl then redis.call('SET', key, record, 'PX', ttl) else redis.call('SET', key, record) end
    end
  end
  return redis.status_reply('OK')
end

local function first(keys, args)
  for i, key in ipairs(keys) do
    local stored = redis.call('GET', key)
    if not stored or tonumber(args[i]) < tonumber(stored) then redis.call('SET', key, args[i]) end
  end
  return redis.status_reply('OK')
end
"""
# Named by their content: versions of Tilewright that differ in them work on one server side by
# side.
_VERSION = hashlib.sha256(_LIBRARY.encode()).hexdigest()[:12]
_PUT, _PUT_FIRST = f"tilewright_put_{_VERSION}", f"tilewright_first_{_VERSION}"
_CODE = f"""#!lua name=tilewright_{_VERSION}
{_LIBRARY}
redis.register_function('{_PUT}', put)
redis.register_function('{_PUT_FIRST}', first)
"""


class RedisStore(Store):
    """Tiles and documents in one database of a Redis server, or in a cluster; safe for threads.

    `create` says whether tiles will be put: then the functions are loaded, which a read-only
    replica would refuse.
    """

    # Redis could hold longer keys. But the rows that a writer refuses are those whose keys the
    # embedded store beside it cannot hold, and what was refused must not be answered as if it had
    # never happened.
    max_entity_bytes = 493
    expires = True

    def __init__(self, url: str, create: bool = True) -> None:
        self.url = _shown(url)
        self._client: Any = None
        self._client, self._is_cluster = self._asking(lambda: _connect(url, self.url))
        found = self.put_first("format", FORMAT.encode()) if create else self.get("format")
        if found is not None:
            require_format(f"store {self.url}", found, "Use another database.")
        if create:
            self._asking(self._load)

    def scan_many(self, table: str, requests: Sequence[ScanRequest]) -> list[list[list[bytes]]]:
        """The records of each entity in each of its ranges, oldest first, in one round trip.

        That is one MGET, or several in flight together; lifetimes need a round trip before it.
        """
        firsts = self._firsts(table, requests)
        by_entity: list[list[str]] = []
        counts: list[list[int]] = []
        for entity, ranges in requests:
            keys: list[str] = []
            counts.append([])
            for wanted in ranges:
                prefix = text_prefix(table, entity, wanted.size_ms, wanted.kind)
                if wanted.lifetime:
                    wanted = _from_first(wanted, firsts[prefix])
                ids = _tile_ids(self.url, wanted)
                keys += [prefix + tile for tile in ids]
                counts[-1].append(len(ids))
            by_entity.append(keys)
        values = iter(self._values(by_entity))
        return [[_present(islice(values, count)) for count in of_entity] for of_entity in counts]

    def _firsts(self, table: str, requests: Sequence[ScanRequest]) -> dict[str, int | None]:
        """The first starts that are kept beside the tiles of lifetimes, by their prefix."""
        prefixes = [
            text_prefix(table, entity, wanted.size_ms, wanted.kind)
            for entity, ranges in requests
            for wanted in ranges
            if wanted.lifetime
        ]
        starts = self._values([[prefix + _FIRST] for prefix in prefixes])
        return {
            prefix: int(start) if start else None
            for prefix, start in zip(prefixes, starts, strict=True)
        }

    def _values(self, by_entity: Sequence[Sequence[str]]) -> list[bytes | None]:
        """The values of keys, each entity's own together, by MGETs that are sent together.

        In a cluster an MGET asks for one entity, since all its keys lie on one node.
        """
        groups = by_entity if self._is_cluster else [list(chain.from_iterable(by_entity))]
        calls = [
            keys[at : at + _CALL_TILES]
            for keys in groups
            for at in range(0, len(keys), _CALL_TILES)
        ]
        if len(calls) == 1:
            single: list[bytes | None] = self._asking(lambda: self._redis.mget(calls[0]))
            return single
        values: list[bytes | None] = []
        for at in range(0, len(calls), _IN_FLIGHT):
            answers = self._asking(partial(self._mgets, calls[at : at + _IN_FLIGHT]))
            values += chain.from_iterable(answers)
        return values

    def _mgets(self, calls: Sequence[Sequence[str]]) -> list[list[bytes | None]]:
        pipeline = self._redis.pipeline(transaction=False)
        for keys in calls:
            pipeline.execute_command("MGET", *keys)
        answers: list[list[bytes | None]] = pipeline.execute()
        return answers

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """The record of each tile, None where there is none, by MGETs of some hundred keys, in a
        cluster one a slot.
        """
        texts = keys.texts
        # The tiles of several entities lie on several nodes, which no single MGET may ask.
        get = self._redis.mget_nonatomic if self._is_cluster else self._redis.mget
        found: list[bytes | None] = []
        for at in range(0, len(texts), _CALL_TILES):
            found += self._asking(lambda at=at: get(texts[at : at + _CALL_TILES]))  # type: ignore[misc]
        return found

    def put_newer(self, keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None) -> None:
        """Puts the tiles that are newer than what is stored, in calls of some hundred."""
        for part in _parts(records):
            texts = keys.texts[part]
            calls = [] if ttl_ms is not None else self._first_calls(keys, part)
            for places in self._together(keys, part):
                calls.append(
                    [
                        _PUT,
                        len(places),
                        *(texts[i] for i in places),
                        ttl_ms or "",
                        *(records[part.start + i] for i in places),
                    ]
                )
            self._call(calls)

    def _first_calls(self, keys: TileKeys, part: slice) -> list[list[Any]]:
        """What notes the first tile of each entity, before the tiles are there, so that no reader
        misses one.
        """
        firsts: dict[int, int] = {}
        for entity, start_ms in zip(keys.entity[part], keys.starts_ms[part], strict=True):
            firsts[entity] = min(firsts.get(entity, start_ms), start_ms)
        named = [
            (
                text_prefix(keys.table, keys.entities[entity], keys.size_ms, keys.kind) + _FIRST,
                start,
            )
            for entity, start in firsts.items()
        ]
        groups = [[one] for one in named] if self._is_cluster else [named]
        return [
            [_PUT_FIRST, len(group), *(name for name, _ in group), *(start for _, start in group)]
            for group in groups
        ]

    def _together(self, keys: TileKeys, part: slice) -> list[list[int]]:
        """Which tiles of a part one call may put: on one server all of them, in a cluster those of
        one entity.
        """
        places = range(part.stop - part.start)
        if not self._is_cluster:
            return [list(places)]
        return [
            list(group) for _, group in groupby(places, key=lambda i: keys.entity[part.start + i])
        ]

    def _call(self, calls: Sequence[Sequence[Any]]) -> None:
        """Calls functions in one round trip, once more if the server has lost them, as after a
        restart without its data.
        """

        from redis.exceptions import ResponseError

        def work() -> None:
            pipeline = self._redis.pipeline(transaction=False)
            for call in calls:
                pipeline.execute_command("FCALL", *call)
            for answer in pipeline.execute(raise_on_error=False):
                if isinstance(answer, Exception):
                    raise answer

        def work_with_functions() -> None:
            try:
                work()
            except ResponseError as wrong:
                if "Function not found" not in str(wrong):
                    raise
                self._load()
                work()

        self._asking(work_with_functions)

    def _load(self) -> None:
        """Puts the functions onto the server, in a cluster onto each primary, unless they are
        there.
        """
        from redis.exceptions import ResponseError

        try:
            self._redis.execute_command("FUNCTION LOAD", _CODE)
        except ResponseError as wrong:
            if "already exists" not in str(wrong):
                raise

    def get(self, name: str) -> bytes | None:
        """A named document."""
        found: bytes | None = self._asking(lambda: self._redis.get(_DOCUMENT.format(name)))
        return found

    def put(self, name: str, value: bytes) -> None:
        """Writes a named document."""
        self._asking(lambda: self._redis.set(_DOCUMENT.format(name), value))

    def put_first(self, name: str, value: bytes) -> bytes:
        """Writes a named document unless there is one, and returns the one that is there."""
        found: bytes | None = self._asking(
            lambda: self._redis.set(_DOCUMENT.format(name), value, nx=True, get=True)
        )
        return value if found is None else found

    def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    @property
    def _redis(self) -> Any:
        if self._client is None:
            raise StoreError(f"store {self.url} is closed.")
        return self._client

    def _asking(self, work: Callable[[], T]) -> T:
        """What some commands give.

        Raises StoreError for whatever goes wrong, with what to do about it.
        """
        from redis.exceptions import RedisError

        try:
            return work()
        except (RedisError, OSError) as wrong:
            raise StoreError(f"store {self.url} {_what_to_do(wrong)}") from wrong


def _from_first(wanted: Range, first_ms: int | None) -> Range:
    """The part of a lifetime that may hold tiles; none where nothing was put."""
    start_ms = wanted.end_ms if first_ms is None else max(wanted.start_ms, first_ms)
    return wanted._replace(start_ms=start_ms, end_ms=max(wanted.end_ms, start_ms))


def _present(values: Iterable[bytes | None]) -> list[bytes]:
    return [value for value in values if value is not None]


def _tile_ids(url: str, wanted: Range) -> list[str]:
    """The ids of the tiles of a range. Raises StoreError for a range that cannot be enumerated."""
    size_ms, start_ms, end_ms = wanted[:3]
    if (end_ms - start_ms) // size_ms > _LONGEST_RANGE:
        raise StoreError(
            f"store {url}: a range of {(end_ms - start_ms) // size_ms:,} tiles cannot be read, "
            "since Redis keeps no order. "
            "Ask for a shorter one, or for a lifetime."
        )
    return [_tile_id(start, size_ms) for start in range(start_ms, end_ms, size_ms)]


def _parts(records: Sequence[bytes]) -> Iterator[slice]:
    """Runs of records that are not too many for one call; a large one goes alone."""
    start, size = 0, 0
    for place, record in enumerate(records):
        if place > start and (place - start == _CALL_TILES or size + len(record) > _CALL_BYTES):
            yield slice(start, place)
            start, size = place, 0
        size += len(record)
    if start < len(records):
        yield slice(start, len(records))


def _shown(url: str) -> str:
    """A URL without user, password and parameters.

    Raises StoreError, which does not show it either, if it is none.
    """
    scheme = url.partition(":")[0]
    wrong = StoreError(
        f"store {scheme}: its URL cannot be read (it is not shown, as it may hold a password). "
        f"Write {scheme}://host:port/db or "
        f"{scheme}://user:password@host:port/db, with special characters of the password "
        "percent-encoded."
    )
    try:
        parts = urlsplit(url)
        host, port, database = parts.hostname, parts.port, parts.path.removeprefix("/")
    except ValueError:
        raise wrong from None
    if (
        not url.startswith(f"{scheme}://")
        or not host
        or not (database.isdecimal() or not database)
        or parts.fragment
    ):
        raise wrong
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port or 6379}/{database or 0}"


def _connect(url: str, shown: str) -> tuple[Any, bool]:
    """A client of a server or of a cluster, and which of them it is.

    Raises StoreError for a server that cannot hold tiles.
    """
    import redis
    from redis.backoff import ExponentialBackoff
    from redis.retry import Retry

    options: dict[str, Any] = {
        "password": password_from_environment(),
        "socket_timeout": _TIMEOUT_S,
        "socket_connect_timeout": _TIMEOUT_S,
        "health_check_interval": 30,
        "retry": Retry(ExponentialBackoff(cap=0.5, base=0.05), 2),
    }
    try:
        pool = redis.BlockingConnectionPool.from_url(
            url, max_connections=_CONNECTIONS, timeout=_TIMEOUT_S, **options
        )
        client: Any = redis.Redis(connection_pool=pool)
        found = client.info()
    except (ValueError, TypeError) as wrong:
        # Parameters that a connection does not know; their values may be secret, their names are
        # not in the text of all of them.
        raise StoreError(
            f"store {shown}: a parameter of its URL cannot be used ({type(wrong).__name__}). "
            "Leave it out, or mend it."
        ) from None
    _require_fit(found, shown)
    if not found.get("cluster_enabled"):
        return client, False
    client.close()
    return redis.RedisCluster.from_url(url, **options), True


def _require_fit(found: dict[str, Any], shown: str) -> None:
    version = str(found.get("redis_version", "0"))
    if int(version.partition(".")[0]) < _OLDEST:
        raise StoreError(
            f"store {shown} is Redis {version}; {_OLDEST}.0 or newer is needed, for functions on "
            "the server."
        )
    policy = found.get("maxmemory_policy", "noeviction")
    if policy != "noeviction" and found.get("maxmemory"):
        raise StoreError(
            f"store {shown} deletes keys when its memory is full (maxmemory-policy {policy}): "
            "features would be wrong without a word. "
            "Set it to noeviction (CONFIG SET maxmemory-policy noeviction)."
        )


def _what_to_do(wrong: Exception) -> str:
    """The end of a message about what a server, or the way to it, refused."""
    from redis import exceptions as e

    #: The first that fits; the special ones stand before their bases.
    advice: list[tuple[type[Exception] | tuple[type[Exception], ...], str]] = [
        (
            e.AuthenticationError,
            (
                "refuses the user or the password ({}). Give them in the URL: "
                "redis://user:password@host:port/db, or the password in "
                f"{PASSWORD_VARIABLE}."
            ),
        ),
        (
            e.NoPermissionError,
            (
                "does not let this user do that ({}). Grant it the keys tiles::* and "
                "tilewright::*, "
                "and the commands."
            ),
        ),
        (e.ReadOnlyError, "is a read-only replica. Write to its primary; only reading works here."),
        (
            e.OutOfMemoryError,
            (
                "is full ({}). Give it more memory (maxmemory), then write again: "
                "what is missing is "
                "put again."
            ),
        ),
        (e.BusyLoadingError, "is still loading its data. Try again when it has."),
        (
            (e.TimeoutError, TimeoutError),
            (
                "did not answer in time ({}). Is it overloaded, or the network? A longer time is "
                "?socket_timeout=SECONDS."
            ),
        ),
        (e.InvalidResponse, "does not answer like a Redis ({}). Correct host and port."),
        (
            (e.ConnectionError, OSError),
            "cannot be reached ({}). Start it, or correct host and port.",
        ),
    ]
    text = str(wrong).rstrip(".")
    return next(
        (form.format(text) for kind, form in advice if isinstance(wrong, kind)), f"refuses: {text}."
    )


def open_url(url: str, rest: str, create: bool) -> RedisStore:
    """Opens the tiles of a Redis; nothing has to be made there."""
    try:
        import redis  # noqa: F401
    except ImportError:
        raise StoreError(
            "a redis: store needs the package redis. Install it with: pip install "
            "'tilewright[redis]'"
        ) from None
    return RedisStore(url, create)
