"""A fetch from Redis beside a bare MGET of the same keys, and a write to Redis beside one to LMDB.

    python benchmarks/redis_store.py

Starts a Redis of its own on this machine, so there is no network but the loopback. The floor of a
fetch is redis-py's MGET of just the keys that the fetch asks for. Both writes are of the same
events, one after the other in turns.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import pyarrow as pa

from fetch import events, numbers
from local_redis import local_redis
from measure import seconds, side_by_side_us
from plans import END_MS
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.stores import TransactionalStore
from tilewright_runtime.tiles.keys import TileKeys

KEYS = {"user_id": "user7"}
ROUNDS = 3


def write(plan: Plan, table: pa.Table, url: str, state: str | None) -> float:
    """Seconds for a new writer to write a table into a store."""
    store = open_store(url)
    beside = open_store(state) if state else None

    def work() -> None:
        with Writer(plan, store, state=beside) as writer:
            writer.write(table)

    return seconds(work)


def measure_write(plan: Plan, table: pa.Table, port: int, folder: Path) -> None:
    """Both stores in turns, each round in a new place; the last database is left for the
    fetches.
    """
    near, far = [], []
    for number in range(ROUNDS):
        near.append(write(plan, table, f"lmdb:{folder}/near{number}", None))
        far.append(
            write(plan, table, f"redis://127.0.0.1:{port}/{number}", f"lmdb:{folder}/state{number}")
        )
    lmdb_s, redis_s = statistics.median(near), statistics.median(far)
    state = open_store(f"lmdb:{folder}/state0")
    assert isinstance(state, TransactionalStore)
    tiles = sum(len(records) for _, records in state.tiles(plan.name))
    print(
        f"write {len(table):,} events, {tiles:,} tiles: LMDB {lmdb_s:.2f} s "
        f"({len(table) / lmdb_s:,.0f} events/s); "
        f"with Redis {redis_s:.2f} s ({len(table) / redis_s:,.0f} events/s), "
        f"{tiles / (redis_s - lmdb_s):,.0f} tiles/s put"
    )


def measure_fetch(title: str, plan: Plan, url: str) -> None:
    """A fetch and the bare MGET in turns."""
    import redis

    fetcher = Fetcher(plan, open_store(url))
    client = redis.Redis.from_url(url)
    entity = fetcher.entity(KEYS)
    keys: list[str] = []
    for size, start, end, *_ in fetcher.program.ranges(END_MS):
        starts = list(range(start, end, size))
        keys += TileKeys(plan.name, size, [entity], [0] * len(starts), starts).texts
    held = [record for record in client.mget(keys) if record is not None]
    (floor, floor_p99), (p50, p99) = side_by_side_us(
        lambda: client.mget(keys), lambda: fetcher.fetch(KEYS, END_MS)
    )
    print(
        f"{title}: {len(plan.features)} features, {len(keys)} keys, {len(held)} tiles of "
        f"{len(held[0])} bytes: p50 {p50:.0f} µs, "
        f"p99 {p99:.0f} µs; bare MGET {floor:.0f} µs, p99 {floor_p99:.0f} µs; ratio "
        f"{p50 / floor:.2f}"
    )


def main() -> None:
    """The plans of the benchmark of fetches."""
    table = events()
    cases = [
        ("4h window, 5m tiles, five operations", numbers(["amount"], ["4h"], "5m")),
        ("1h, 12h, 7d on two columns", numbers(["amount", "price"], ["1h", "12h", "7d"])),
    ]
    for title, plan in cases:
        with tempfile.TemporaryDirectory() as folder, local_redis(Path(folder)) as port:
            measure_write(plan, table, port, Path(folder))
            measure_fetch(title, plan, f"redis://127.0.0.1:{port}/{ROUNDS - 1}")


if __name__ == "__main__":
    main()
