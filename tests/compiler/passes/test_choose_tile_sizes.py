"""How long tiles are kept."""

from __future__ import annotations

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query
from tilewright.aggregation import Edge
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.plan.model import EventLog

MINUTE_MS, DAY_MS = 60_000, 86_400_000


def test_a_level_lives_as_long_as_the_head_of_a_coarser_tile_needs_it() -> None:
    """Minutes whose own window is short are still read back to the start of the newest tile of six
    hours.
    """
    source = EventSource(
        table="t.csv", schema={"k": "string", "ts": "bigint"}, query=Query(time_column="ts")
    )
    counts = Aggregation(input_column="k", operation=Operation.COUNT, windows=["15m", "7d"])
    plan = compile_group_by(
        GroupBy(sources=[source], keys=["k"], tiling_enabled=True, aggregations=[counts]),
        name="t.g",
    )
    kept = {level.size_ms: level.ttl_ms for level in plan.levels}
    assert kept[MINUTE_MS] == 1.5 * (DAY_MS // 4 + MINUTE_MS + 5 * MINUTE_MS)


def _events(*aggregations: Aggregation, tiled: bool) -> EventLog:
    source = EventSource(
        table="t.csv", schema={"k": "string", "ts": "bigint"}, query=Query(time_column="ts")
    )
    plan = compile_group_by(
        GroupBy(sources=[source], keys=["k"], tiling_enabled=tiled, aggregations=aggregations),
        name="t.g",
    )
    assert plan.events is not None
    return plan.events


def _count(*windows: str, edge: Edge | None = None) -> Aggregation:
    return Aggregation(
        input_column="k",
        operation=Operation.COUNT,
        windows=windows or None,
        edge=edge,
        name=f"n{len(windows)}",
    )


def test_raw_events_live_as_long_as_the_longest_exact_window_needs_them() -> None:
    """Beside tiles of five minutes chunks have their size, and a window that is not exact keeps
    none of them longer.
    """
    events = _events(_count("1h", "2h", edge="exact"), _count("7d"), tiled=True)
    assert (events.size_ms, events.ttl_ms) == (
        5 * MINUTE_MS,
        1.5 * (120 * MINUTE_MS + 5 * MINUTE_MS + 5 * MINUTE_MS),
    )


def test_an_exact_lifetime_needs_the_newest_events_only() -> None:
    """The past is in tiles: raw events stand in for the newest one, which may hold later events."""
    events = _events(_count(edge="exact"), tiled=True)
    assert (events.size_ms, events.ttl_ms) == (DAY_MS, 1.5 * (DAY_MS + 5 * MINUTE_MS))


def test_without_tiles_the_events_are_kept_for_the_longest_window() -> None:
    """Chunks have the size that its tiles would have; a lifetime keeps all of them for ever, by
    days.
    """
    windows = _events(_count("1h", "2d"), tiled=False)
    assert (windows.size_ms, windows.ttl_ms) == (
        DAY_MS // 4,
        1.5 * (2 * DAY_MS + DAY_MS // 4 + 5 * MINUTE_MS),
    )
    assert _events(_count("1h"), _count(), tiled=False) == EventLog(
        size_ms=DAY_MS, ttl_ms=None, columns=windows.columns
    )
