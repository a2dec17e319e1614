"""The texts that the runtime replaces in an engine's SQL.

They ask for the time, in epoch milliseconds, or say from when on a stream's events are taken.
"""

from __future__ import annotations

#: A parameter that the embedded writer gives: the latest time that an event may have.
DUCKDB_LATEST = "$latest_ms"
SPARK_CLOCK = "UNIX_MILLIS(CURRENT_TIMESTAMP())"
FLINK_CLOCK = "UNIX_TIMESTAMP() * 1000"
#: Which events a Flink job takes: those from the store's cut-over on, and here all of them.
FLINK_EVERY_TIME = "COALESCE(`__ts` >= CAST(NULL AS BIGINT), TRUE)"
#: What stands for the clock in a replay: no event is later.
NO_CLOCK = "4102444800000"
