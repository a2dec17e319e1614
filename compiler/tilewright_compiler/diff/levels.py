"""Changes of levels and raw events between two plans.

They tell whether a backfill is needed.
"""

from __future__ import annotations

from collections.abc import Iterator

from tilewright.windows import format_duration

from ..humanize import format_span
from ..plan.model import EventLog, Level, Plan
from .parts import columns_text, pair
from .verdicts import Change, Verdict


def level_changes(old: Plan, new: Plan) -> Iterator[Change]:
    """Compare the levels, coarsest first."""
    levels = pair(_by_size(old), _by_size(new))
    for size_ms in sorted(levels.gone, reverse=True):
        what = f"level {format_duration(size_ms)} is gone"
        yield Change(Verdict.NEW_LEVEL, what, "its tiles are no longer read")
    for size_ms in sorted(levels.new, reverse=True):
        yield _new_level(old, new, size_ms)
    for size_ms in sorted(levels.both, reverse=True):
        yield from _lifetimes(f"level {format_duration(size_ms)} is", *levels.both[size_ms])


def _by_size(plan: Plan) -> dict[int, Level]:
    return {level.size_ms: level for level in plan.levels}


def _new_level(old: Plan, new: Plan, size_ms: int) -> Change:
    """Tell what a new level needs.

    It can be merged from a finer level whose tiles are kept as long as its own windows reach back.
    """
    what = f"level {format_duration(size_ms)} is new"
    reach_ms = _reach_ms(new, size_ms)
    for level in old.levels:
        if size_ms % level.size_ms == 0 and _lasts(level, reach_ms):
            why = (
                f"its tiles can be merged from those of {format_duration(level.size_ms)}, which "
                f"are kept for {_span(level.ttl_ms)}"
            )
            return Change(Verdict.NEW_LEVEL, what, why)
    events = old.events
    if events is not None and _lasts(events, reach_ms) and _has_inputs(events, new):
        span = _span(events.ttl_ms)
        why = f"its tiles can be made from the raw events, which are kept for {span}"
        return Change(Verdict.NEW_LEVEL, what, why)
    if reach_ms is None:
        needed = "all events there are"
    else:
        needed = f"the events of the last {format_span(reach_ms)}"
    why = f"no stored level divides it and is kept long enough, so it needs {needed}"
    return Change(Verdict.NEW_LEVEL_WITH_BACKFILL, what, why)


def _reach_ms(plan: Plan, size_ms: int) -> int | None:
    """Compute how far back a level is read.

    None means for ever.
    """
    windows = [feature.window_ms for feature in plan.features if size_ms in feature.levels_ms]
    reach_ms = 0
    for window_ms in windows:
        if window_ms is None:
            return None
        reach_ms = max(reach_ms, window_ms)
    return reach_ms + size_ms


def _lasts(stored: Level | EventLog, reach_ms: int | None) -> bool:
    """Tell whether stored tiles or events last long enough."""
    return stored.ttl_ms is None or (reach_ms is not None and stored.ttl_ms >= reach_ms)


def _has_inputs(events: EventLog, plan: Plan) -> bool:
    """Tell whether raw events hold the inputs of all states."""
    names = {column.name for column in events.columns}
    return all(state.input in names for state in plan.states)


def event_changes(old: Plan, new: Plan) -> Iterator[Change]:
    """Compare the raw events that are kept."""
    before, after = old.events, new.events
    if before is None and after is not None:
        what = f"raw events are kept, in chunks of {format_duration(after.size_ms)}"
        why = "tiles do not hold them, so they need those that the history has"
        yield Change(Verdict.NEW_LEVEL_WITH_BACKFILL, what, why)
    elif before is not None and after is None:
        yield Change(
            Verdict.NEW_LEVEL, "raw events are no longer kept", "their chunks are no longer read"
        )
    elif before is not None and after is not None:
        yield from _event_logs(before, after)


def _event_logs(before: EventLog, after: EventLog) -> Iterator[Change]:
    if before.columns != after.columns:
        columns = f"{columns_text(before.columns)} -> {columns_text(after.columns)}"
        what = f"raw events hold {columns}"
        if all(column in before.columns for column in after.columns):
            yield Change(Verdict.NEW_LEVEL, what, "the others are no longer read")
        else:
            why = "stored events lack what the history has"
            yield Change(Verdict.NEW_LEVEL_WITH_BACKFILL, what, why)
    if before.size_ms != after.size_ms:
        what = (
            f"chunks of raw events {format_duration(before.size_ms)} -> "
            f"{format_duration(after.size_ms)}"
        )
        yield Change(Verdict.NEW_LEVEL, what, "the same events can be cut anew")
    yield from _lifetimes("raw events are", before, after)


def _lifetimes(subject: str, before: Level | EventLog, after: Level | EventLog) -> Iterator[Change]:
    if before.ttl_ms == after.ttl_ms:
        return
    what = f"{subject} kept for {_span(before.ttl_ms)} -> {_span(after.ttl_ms)}"
    why = ""
    if before.ttl_ms is not None and (after.ttl_ms is None or after.ttl_ms > before.ttl_ms):
        why = (
            f"what is older than {_span(before.ttl_ms)} may be gone already; windows that reach "
            "further back lack it"
        )
    yield Change(Verdict.COMPATIBLE, what, why)


def _span(ttl_ms: int | None) -> str:
    return "ever" if ttl_ms is None else format_span(ttl_ms)
