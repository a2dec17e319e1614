"""How long tiles are kept."""

from __future__ import annotations

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query
from tilewright_compiler.compile import compile_group_by

MINUTE_MS, DAY_MS = 60_000, 86_400_000


def test_a_level_lives_as_long_as_the_head_of_a_coarser_tile_needs_it() -> None:
    """Minutes whose own window is short are still read back to the start of the newest tile of six hours."""
    source = EventSource(table="t.csv", schema={"k": "string", "ts": "bigint"}, query=Query(time_column="ts"))
    counts = Aggregation(input_column="k", operation=Operation.COUNT, windows=["15m", "7d"])
    plan = compile_group_by(GroupBy(sources=[source], keys=["k"], tiling_enabled=True, aggregations=[counts]), name="t.g")
    kept = {level.size_ms: level.ttl_ms for level in plan.levels}
    assert kept[MINUTE_MS] == 1.5 * (DAY_MS // 4 + MINUTE_MS + 5 * MINUTE_MS)
