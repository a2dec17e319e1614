"""How the SQL of each engine asks for the time.

The time is in epoch milliseconds. The runtime replaces these texts where a job replays the past.
"""

from __future__ import annotations

#: A parameter that the embedded writer gives: the latest time that an event may have.
DUCKDB_LATEST = "$latest_ms"
SPARK_CLOCK = "UNIX_MILLIS(CURRENT_TIMESTAMP())"
FLINK_CLOCK = "UNIX_TIMESTAMP() * 1000"
#: What stands for the clock in a replay: no event is later.
NO_CLOCK = "4102444800000"
