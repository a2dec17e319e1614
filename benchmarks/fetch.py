"""How long a fetch takes, beside a hand-written LMDB scan and numpy reduction of as many records of
the same size.

    python benchmarks/fetch.py

Two plans: five operations over 4h in 5-minute tiles, and thirty features (five operations on two
columns over 1h, 12h and 7d). The floor opens one read transaction, walks one cursor over just as
many records of the same number of bytes, joins them, and reduces the columns of each window with
numpy; it verifies nothing, finalizes nothing and names nothing. Beside it stand fetches by the
native kernel, with a cache and without, and by numpy.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import pyarrow as pa

from measure import side_by_side_us, without_kernel
from plans import DAY_MS, END_MS, five_of, plan_of
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, TileCache, Writer, open_store
from tilewright_runtime.states.kernel import kernel

DAYS = 8
COLUMNS = {"amount": "double", "price": "double"}


def numbers(columns: Sequence[str], windows: Sequence[str], tile_size: str | None = None) -> Plan:
    """A plan of the five operations over some columns and windows."""
    asked = five_of(*columns)
    return plan_of("bench.fetch", COLUMNS, asked, windows, tile_size=tile_size)


def events(users: int = 20, each: int = 40_000) -> pa.Table:
    """Events of some users, evenly mixed over the last days before the query time."""
    rng = np.random.default_rng(7)
    n = users * each
    return pa.table(
        {
            "user_id": np.char.add("user", rng.integers(0, users, n).astype(str)),
            "amount": rng.gamma(2.0, 20.0, n),
            "price": rng.gamma(2.0, 5.0, n),
            "ts": END_MS - 1 - rng.integers(0, DAYS * DAY_MS, n),
        }
    )


class Floor:
    """As many records of the same size as a fetch reads, in an LMDB file of their own, and their
    reduction by hand.
    """

    def __init__(self, folder: str, fetcher: Fetcher, entity: dict[str, Any]) -> None:
        plan, program = fetcher.plan, fetcher.program
        ranges = program.ranges(END_MS)
        found = fetcher.store.scan(plan.name, fetcher.entity(entity), ranges)
        self.words = program.layout.words
        self.records = sum(len(part) for part in found)
        self.bytes = len(found[0][0])
        self.env = lmdb.open(folder, map_size=1 << 26)
        with self.env.begin(write=True) as txn:
            for level, part in enumerate(found):
                for i, record in enumerate(part):
                    txn.put(b"user1\0" + struct.pack(">QQ", level, i), record)
        self.levels = [
            (
                b"user1\0" + struct.pack(">QQ", level, 0),
                b"user1\0" + struct.pack(">QQ", level + 1, 0),
            )
            for level in range(len(found))
        ]
        self.slabs = [
            (slab.start, slab.stop, slab.dtype, slab.ufunc) for slab in program.layout.slabs
        ]
        # Each window reduces the newest tiles of its own level.
        sizes = [r.size_ms for r in ranges]
        self.windows = [
            (
                sizes.index(window.levels_ms[-1]),
                sum(segment.tiles for segment in window.segments(END_MS, program.ladder_ms[0])),
            )
            for window in program.windows
        ]

    def run(self) -> list[Any]:
        """Scan, join, reduce."""
        parts = []
        with self.env.begin() as txn:
            cursor = txn.cursor()
            for low, high in self.levels:
                values = []
                if cursor.set_range(low):
                    for key, value in cursor.iternext():
                        if key >= high:
                            break
                        values.append(value)
                parts.append(values)
        out = []
        levels = [
            np.frombuffer(b"".join(values), dtype=np.int64).reshape(-1, self.words)
            for values in parts
        ]
        for level, tiles in self.windows:
            rows = levels[level][-tiles:]
            for start, stop, dtype, ufunc in self.slabs:
                out.append(
                    ufunc.reduce(
                        rows.view(np.float64 if dtype == "f64" else np.int64)[:, start:stop], axis=0
                    )
                )
        return out


def report(title: str, plan: Plan, table: pa.Table, folder: Path) -> None:
    """Writes, fetches and measures one plan."""
    store = open_store(f"lmdb:{folder / 'store'}")
    with Writer(plan, store) as writer:
        writer.write(table)
    fetcher, cached = Fetcher(plan, store), Fetcher(plan, store, cache=TileCache())
    keys = {"user_id": "user7"}
    (folder / "floor").mkdir()
    floor = Floor(str(folder / "floor"), fetcher, keys)
    with without_kernel():
        numpy_only = Fetcher(plan, store)
    (floor_us, _), (p50, p99), (cached_us, _), (numpy_us, _) = side_by_side_us(
        floor.run,
        lambda: fetcher.fetch(keys, END_MS),
        lambda: cached.fetch(keys, END_MS),
        lambda: numpy_only.fetch(keys, END_MS),
    )
    print(
        f"{title}: {len(plan.features)} features, {floor.records} tiles of {floor.bytes} bytes: "
        f"hand-written scan and reduction {floor_us:.1f} µs; "
        f"{'kernel' if kernel() else 'no kernel'} p50 {p50:.1f} µs, p99 {p99:.1f} µs, "
        f"ratio {p50 / floor_us:.2f}; with a cache {cached_us:.1f} µs, ratio "
        f"{cached_us / floor_us:.2f}; numpy p50 {numpy_us:.1f} µs, ratio {numpy_us / floor_us:.2f}"
    )


def main() -> None:
    """Both plans."""
    table = events()
    cases = [
        ("4h window, 5m tiles, five operations", numbers(["amount"], ["4h"], "5m")),
        ("1h, 12h, 7d on two columns", numbers(["amount", "price"], ["1h", "12h", "7d"])),
    ]
    for title, plan in cases:
        with tempfile.TemporaryDirectory() as folder:
            report(title, plan, table, Path(folder))


if __name__ == "__main__":
    main()
