"""A key per tile or a hash per block of tiles in Redis: memory, time to read covers, rate of puts
(docs/decisions).

    python benchmarks/redis_layout.py

Starts a Redis of its own. Both layouts hold the same records under the same names, and both are put
by functions that keep the newer record; the hash of a block has a field for each of its tiles and
can only expire as a whole. `packed` is the same hash with the server's limit for packed hashes
raised, which no other program on that server may like.
"""

from __future__ import annotations

import random
import struct
import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from local_redis import local_redis
from measure import seconds, side_by_side_us
from tilewright_runtime.stores.backends.redis import RedisStore
from tilewright_runtime.tiles.keys import TileKeys, text_prefix

FIVE_MINUTES = 300_000
START_MS = 1_704_326_400_000
ENTITIES, TILES, BLOCK = 200, 600, 64
TTL_MS = 8 * 86_400_000
CALL = 512

HASHES = """#!lua name=layout
redis.register_function('put_fields', function(keys, args)
  local ttl, at = tonumber(args[1]), 2
  for i, key in ipairs(keys) do
    local field, record = args[2 * i], args[2 * i + 1]
    local stored = redis.call('HGET', key, field)
    if not stored or struct.unpack('<I4', record, 17) > struct.unpack('<I4', stored, 17) then
      redis.call('HSET', key, field, record)
      redis.call('PEXPIRE', key, ttl)
    end
  end
  return redis.status_reply('OK')
end)
"""


def records(count: int, size: int, sequence: int) -> list[bytes]:
    """Records of a size, with a sequence where records have it, and the rest at random."""
    noise = random.Random(size)
    return [struct.pack("<16xQ", sequence) + noise.randbytes(size - 24) for _ in range(count)]


def all_keys() -> TileKeys:
    """The tiles of some entities, each with a run of them."""
    names = [f"s=user{number:04d}" for number in range(ENTITIES)]
    starts = [START_MS + FIVE_MINUTES * number for number in range(TILES)]
    return TileKeys(
        "clicks.by_user",
        FIVE_MINUTES,
        names,
        [n for n in range(ENTITIES) for _ in range(TILES)],
        starts * ENTITIES,
    )


def fields(keys: TileKeys) -> list[tuple[str, str]]:
    """The hash and the field of each tile."""
    numbers = [start // FIVE_MINUTES for start in keys.starts_ms]
    prefixes = [text_prefix(keys.table, entity, keys.size_ms) for entity in keys.entities]
    return [
        (f"{prefixes[which]}{number // BLOCK}", str(number % BLOCK))
        for which, number in zip(keys.entity, numbers, strict=True)
    ]


def chunks(count: int) -> Iterator[slice]:
    """Parts of a put."""
    return (slice(at, at + CALL) for at in range(0, count, CALL))


class PerTile:
    """The layout of the store."""

    name = "a key per tile"

    def __init__(self, url: str, client: Any) -> None:
        self.store = RedisStore(url)
        self.client = client

    def put(self, keys: TileKeys, values: list[bytes]) -> None:
        self.store.put_newer(keys, values, TTL_MS)

    def asked(self, keys: TileKeys) -> Any:
        """Make what is sent for a cover beforehand, as the store remembers the ids of its tiles."""
        return keys.copied().texts

    def read(self, asked: Any) -> list[Any]:
        found: list[Any] = self.client.mget(asked)
        return found


class PerBlock:
    """A hash for every 64 tiles."""

    def __init__(self, client: Any, name: str, packed: bool) -> None:
        self.client = client
        self.name = name
        client.config_set("hash-max-listpack-value", 4096 if packed else 64)
        client.function_load(HASHES, replace=True)

    def put(self, keys: TileKeys, values: list[bytes]) -> None:
        places = fields(keys)
        for part in chunks(len(values)):
            pairs = [
                item
                for (_, field), value in zip(places[part], values[part], strict=True)
                for item in (field, value)
            ]
            self.client.fcall(
                "put_fields", len(places[part]), *(key for key, _ in places[part]), TTL_MS, *pairs
            )

    def asked(self, keys: TileKeys) -> Any:
        blocks: dict[str, list[str]] = {}
        for key, field in fields(keys):
            blocks.setdefault(key, []).append(field)
        return blocks

    def read(self, asked: Any) -> list[Any]:
        pipeline = self.client.pipeline(transaction=False)
        for key, wanted in asked.items():
            pipeline.hmget(key, wanted)
        return [value for found in pipeline.execute() for value in found]


def cover(chance: random.Random, tiles: int) -> TileKeys:
    """The tiles of a window of some entity."""
    begin = START_MS + FIVE_MINUTES * chance.randrange(TILES - tiles)
    entity = f"s=user{chance.randrange(ENTITIES):04d}"
    return TileKeys(
        "clicks.by_user",
        FIVE_MINUTES,
        [entity],
        [0] * tiles,
        [begin + FIVE_MINUTES * n for n in range(tiles)],
    )


def read_next(layout: Any, asked: Iterator[Any]) -> list[Any]:
    """The records of the next cover."""
    found: list[Any] = layout.read(next(asked))
    return found


def memory(client: Any) -> int:
    """Bytes that the server has allocated, with its tables of keys and of times to live."""
    used: int = client.info("memory")["used_memory"]
    return used


def measure(folder: Path, size: int) -> None:
    """Both layouts with records of one size."""
    keys = all_keys()
    first, newer = records(len(keys.starts_ms), size, 1), records(len(keys.starts_ms), size, 2)
    with local_redis(folder) as server:
        import redis

        readers: dict[str, Any] = {}
        for database, name in enumerate(
            ("a key per tile", "a hash per block", "a packed hash per block")
        ):
            client = redis.Redis(port=server, db=database)
            before = memory(client)
            layout = (
                PerTile(f"redis://127.0.0.1:{server}/{database}", client)
                if not database
                else PerBlock(client, name, database == 2)
            )
            put, again, older = (
                seconds(partial(layout.put, keys, values)) for values in (first, newer, first)
            )
            rate = [f"{len(keys.starts_ms) / taken:,.0f}" for taken in (put, again, older)]
            held = (memory(client) - before) / len(keys.starts_ms)
            print(
                f"{size:,} bytes, {name}: {held:,.0f} bytes a tile; puts/s {rate[0]} new, "
                f"{rate[1]} newer, {rate[2]} older"
            )
            readers[name] = layout
        chance = random.Random(1)
        for tiles in (17, 49, 241):
            covers = [cover(chance, tiles) for _ in range(100)]
            turns = []
            for layout in readers.values():
                asked = cycle([layout.asked(keys) for keys in covers])
                turns.append(partial(read_next, layout, asked))
            assert all(len(turn()) == tiles and None not in turn() for turn in turns)
            times = side_by_side_us(*turns, repeat=2000)
            shown = "; ".join(
                f"{name} p50 {p50:,.0f} µs, p99 {p99:,.0f} µs"
                for name, (p50, p99) in zip(readers, times, strict=True)
            )
            print(f"{size:,} bytes, {tiles} tiles: {shown}")


def main() -> None:
    """Records of five operations, and records with a sketch."""
    for size in (104, 1000):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), size)


if __name__ == "__main__":
    main()
