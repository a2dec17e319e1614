"""Judges how good an answer is.

It also does what the policy says about tiles that the answer lacks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from tilewright.windows import MINUTE_MS, format_duration

from ..errors import CorruptRecordError, MissingTileError, StoreError
from ..tiles.cover import Segment, floor
from ..tiles.header import NEWEST
from ..tiles.keys import EVENTS, level_name
from ..times import iso
from .context import FetchContext, FetchState
from .sketch_errors import sketch_errors

#: What a store says of itself while tiles are put: all are there, some newer than others.
_WHOLE = "updating"

#: What is said of a store that did not answer.
_UNREACHABLE = "unreachable"

#: What may be said of an answer that lacks something, or will.
_INCOMPLETE = {"damaged_tiles", "not_kept", "approximate_tiles", "head_end_ms"}


def judge_answer(context: FetchContext, state: FetchState) -> None:
    """Apply the policy to one answer, and report on it.

    Raises MissingTileError if the policy is to fail, and a tile that ought to be there is missing.
    """
    policy = context.policy
    lacking = _damaged(state) if state.damaged else []
    if lacking:
        state.quality["damaged_tiles"] = sorted(tile.name for tile in state.damaged)
    stale = _stale_ms(context, state)
    if stale is not None:
        state.quality["stale_ms"] = stale
    if policy.on_missing == "fail" or (stale is not None and policy.on_missing is None):
        _require_all(context, state)
    elif policy.on_missing == "default":
        everything = range(len(state.covers))
        lost = everything if stale is not None else _lacking(state, lacking)
        _give_defaults(context, state, lost)
    else:
        _withhold(context, state, lacking)
    if policy.reports:
        state.quality = report(context, state)


def gives_up(context: FetchContext, error: StoreError) -> bool:
    """Tell whether requests are answered that could not be read."""
    is_damage = isinstance(error, CorruptRecordError)
    return context.policy.on_missing in ("degrade", "default") and not is_damage


def give_up(context: FetchContext, states: Sequence[FetchState]) -> None:
    """Answer requests without the store, as the policy says.

    The store could not answer them.
    """
    program = context.program
    for state in states:
        nothing: list[list[bytes]] = [[] for _ in state.ranges]
        state.tiles = program.decode(state.entity, state.ranges, nothing, lambda _: "")
        state.covers = [[] for _ in program.windows]
        state.flaws = {"store": _UNREACHABLE}
        state.quality = dict(state.flaws)
        if context.policy.on_missing == "default":
            state.features, _ = program.evaluate(state.tiles, state.covers)
        else:
            state.features = dict.fromkeys(feature.name for feature in context.plan.features)
        if context.policy.reports:
            state.quality = report(context, state)


def report(context: FetchContext, state: FetchState) -> dict[str, Any]:
    """Report everything about the quality of an answer."""
    progress, flaws = state.progress, state.quality
    newest_ms = _newest_ms(state)
    has_events = newest_ms is not None
    is_written = not _not_written_yet(context, state)
    watermark_ms = None if progress is None else progress.watermark_ms
    is_whole = _INCOMPLETE.isdisjoint(flaws) and flaws.get("store", _WHOLE) == _WHOLE
    told: dict[str, Any] = {
        "complete": is_whole and is_written,
        "no_events": is_written and not has_events,
        "not_written_yet": not is_written,
        "watermark_ms": watermark_ms,
        "watermark_age_ms": _age_ms(state, watermark_ms),
        "newest_event_ms": newest_ms,
        "newest_event_age_ms": _age_ms(state, newest_ms),
        "missing_tiles": len(flaws.get("damaged_tiles", ())) + _unwritten_tiles(state),
        "approximate_tiles": 0,
        "late_corrections": None if progress is None else progress.corrections,
        "max_edge_error": max(feature.max_edge_error for feature in context.plan.features),
    }
    if bounds := sketch_errors(context.plan):
        told["sketch_errors"] = bounds
    return told | flaws


def _age_ms(state: FetchState, time_ms: int | None) -> int | None:
    return None if time_ms is None else max(0, state.at_ms - time_ms)


def _newest_ms(state: FetchState) -> int | None:
    """Find the newest event that is in the answer."""
    newest: list[int] = []
    for cover in state.covers:
        for segment in cover:
            begin, end = state.tiles.run(segment)
            if begin < end:
                newest.append(int(state.tiles.rows[begin:end, NEWEST].max()))
    return max(newest, default=None)


def _stale_ms(context: FetchContext, state: FetchState) -> int | None:
    """Compute the age of the newest event, if too old.

    It is the newest one that was written. Where nothing was written at all, that is the query time
    itself.
    """
    most_ms = context.policy.max_staleness_ms
    if most_ms is None:
        return None
    newest_ms = state.progress.newest_ms if state.progress else None
    stale_ms = state.at_ms - (newest_ms or 0)
    return stale_ms if stale_ms > most_ms else None


def _not_written_yet(context: FetchContext, state: FetchState) -> bool:
    """Tell whether the writer is before the query time.

    #  finest tiles  |.....|.....|.....|..T
    #  newest event     x                     not written yet: a whole tile without any event
    #  newest event                x          written
    """
    newest_ms = state.progress.newest_ms if state.progress else None
    levels = context.plan.levels
    finest_ms = levels[-1].size_ms if levels else MINUTE_MS
    return newest_ms is None or newest_ms < floor(state.at_ms, finest_ms) - finest_ms


def _unwritten_tiles(state: FetchState) -> int:
    """Count whole tiles that the writer has not come to.

    #  newest event     x
    #  tiles asked for  |.....|.....|.....|..T     two have passed since its tile
    """
    newest_ms = state.progress.newest_ms if state.progress else None
    missing = 0
    for size_ms, start_ms, end_ms, kind, lifetime in state.ranges:
        if kind == EVENTS or (lifetime and newest_ms is None):  # nobody knows how many
            continue
        first_ms = start_ms if newest_ms is None else floor(newest_ms, size_ms) + size_ms
        last_ms = min(end_ms, floor(state.at_ms, size_ms))
        missing += max(0, last_ms - max(first_ms, start_ms)) // size_ms
    return missing


def _lacking(state: FetchState, damaged: Collection[int]) -> list[int]:
    """Find the windows that miss tiles, by index.

    Some are known to read damaged ones.
    """
    condition = (state.flaws or {}).get("store", _WHOLE)
    if condition != _WHOLE:
        return list(range(len(state.covers)))
    not_kept = (state.flaws or {}).get("not_kept", {})

    def is_lacking(segment: Segment) -> bool:
        whole_ms = not_kept.get(level_name(segment.kind, segment.size_ms))
        return whole_ms is not None and segment.start_ms < whole_ms

    expired = [index for index, cover in enumerate(state.covers) if any(map(is_lacking, cover))]
    return sorted({*expired, *damaged})


def _damaged(state: FetchState) -> list[int]:
    """Find the windows that read a damaged tile, by index."""

    def is_damaged(segment: Segment) -> bool:
        if segment.kind == EVENTS:
            return any(tile.kind == EVENTS for tile in state.damaged)
        return any(
            tile.kind == segment.kind
            and tile.size_ms == segment.size_ms
            and segment.start_ms <= tile.start_ms < segment.end_ms
            for tile in state.damaged
        )

    return [index for index, cover in enumerate(state.covers) if any(map(is_damaged, cover))]


def _withhold(context: FetchContext, state: FetchState, lacking: Collection[int]) -> None:
    """Give no value to features that read a damaged tile."""
    for index in lacking:
        for name in context.program.groups[index].finalizers:
            state.features[name] = None


def _give_defaults(context: FetchContext, state: FetchState, lacking: Collection[int]) -> None:
    """Give features that miss tiles the values of empty windows."""
    if not lacking:
        return
    nothing: Sequence[Sequence[Segment]] = [[] for _ in state.covers]
    values, _ = context.program.evaluate(state.tiles, nothing)
    for index in lacking:
        for name in context.program.groups[index].finalizers:
            state.features[name] = values[name]


def _require_all(context: FetchContext, state: FetchState) -> None:
    """Require every tile that ought to be there.

    Raises MissingTileError if one is missing.
    """
    what = _what_is_missing(context, state)
    if not what:
        return
    keys = ", ".join(f"{name}={value!r}" for name, value in state.keys.items())
    raise MissingTileError(
        f"store {context.store.url}, plan {context.plan.name}, {keys} at {iso(state.at_ms)}: "
        f"{'; '.join(what)}. Mend or write the store, or ask with on_missing='degrade' or "
        "'default'."
    )


def _what_is_missing(context: FetchContext, state: FetchState) -> list[str]:
    what = []
    flaws, quality = state.flaws or {}, state.quality
    if "damaged_tiles" in quality:
        what.append(f"tiles are damaged ({', '.join(quality['damaged_tiles'])})")
    if flaws.get("store", _WHOLE) != _WHOLE:
        what.append(f"the store may lack tiles ({flaws['store']})")
    for level, whole_ms in flaws.get("not_kept", {}).items():
        what.append(f"tiles of {level} before {iso(whole_ms)} may be gone")
    newest_ms = state.progress.newest_ms if state.progress else None
    newest = (
        "no event was written" if newest_ms is None else f"the newest event is of {iso(newest_ms)}"
    )
    if "stale_ms" in quality:
        most_ms = context.policy.max_staleness_ms or 0
        what.append(f"{newest}, older than max_staleness {format_duration(most_ms)} allows")
    elif context.policy.on_missing == "fail" and _not_written_yet(context, state):
        what.append(f"not written yet: {newest}")
    return what
