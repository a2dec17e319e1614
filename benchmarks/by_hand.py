"""The tiles of write.py from DuckDB to LMDB, as one would write it by hand."""

from __future__ import annotations

import struct
from pathlib import Path

import duckdb
import lmdb
import numpy as np
import pyarrow as pa

SIZES_MS = (300_000, 3_600_000, 21_600_000)
NUMBERS = ("start", "n", "s", "lo", "hi", "newest", "events")

FINEST = """
SELECT user_id, ts // 300000 * 300000 AS start, count(amount) AS n, sum(amount) AS s,
    min(amount) AS lo, max(amount) AS hi, max(ts) AS newest, count(*) AS events
FROM read_parquet($file) GROUP BY ALL
"""
COARSER = """
SELECT user_id, start // {size} * {size} AS start, sum(n)::BIGINT AS n, sum(s) AS s,
    min(lo) AS lo, max(hi) AS hi, max(newest) AS newest, sum(events)::BIGINT AS events
FROM finer GROUP BY ALL
"""


def write_by_hand(file: Path, folder: Path) -> None:
    """Write the tiles of all levels in one transaction."""
    connection = duckdb.connect()
    environment = lmdb.open(str(folder), map_size=1 << 32)
    with environment.begin(write=True) as transaction:
        for size_ms in SIZES_MS:
            query = FINEST if size_ms == SIZES_MS[0] else COARSER.format(size=size_ms)
            params = {"file": str(file)} if size_ms == SIZES_MS[0] else None
            connection.execute(f"CREATE TEMP TABLE next AS {query}", params)
            connection.execute("CREATE OR REPLACE TEMP TABLE finer AS FROM next ORDER BY ALL")
            connection.execute("DROP TABLE next")
            tiles = connection.sql("FROM finer").to_arrow_table().combine_chunks()
            transaction.cursor().putmulti(_entries(tiles, size_ms))
    environment.close()
    connection.close()


def _entries(tiles: pa.Table, size_ms: int) -> list[tuple[bytes, bytes]]:
    """Pack the key and the numbers of each tile."""
    rows = np.empty((len(tiles), len(NUMBERS)), np.int64)
    for i, name in enumerate(NUMBERS):
        rows[:, i] = tiles[name].to_numpy().view(np.int64)
    values, width = rows.tobytes(), 8 * len(NUMBERS)
    starts = rows[:, 0].astype(">i8").tobytes()
    level = struct.pack(">q", size_ms)
    entries = []
    for i, user in enumerate(tiles["user_id"].to_pylist()):
        key = user.encode() + level + starts[8 * i : 8 * i + 8]
        entries.append((key, values[width * i : width * (i + 1)]))
    return entries
