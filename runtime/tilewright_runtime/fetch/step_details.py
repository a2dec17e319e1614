"""Says what the steps of a fetch have done."""

from __future__ import annotations

from collections.abc import Callable

from tilewright_compiler.humanize import counted

from ..tiles.keys import EVENTS, TILES, Kind
from .context import FetchContext, FetchState

#: The row of the breakdown that each step's time goes to.
ROWS = {
    "range": "range",
    "expand": "expansion",
    "fetch": "deserialization",
    "boundaries": "boundaries",
    "merge": "merging",
    "judge": "quality",
    "derive": "derivations",
}


def possible_tiles(state: FetchState, kind: Kind | None = None) -> int:
    """Count the tiles that a request asks for.

    They may be of one kind, and need not exist.
    """
    tiles = 0
    for wanted in state.ranges:
        if kind is None or wanted.kind == kind:
            tiles += (wanted.end_ms - wanted.start_ms) // wanted.size_ms
    return tiles


def _range(_: FetchContext, state: FetchState) -> str:
    return f"{len(state.ranges)} runs of tiles, one scan each"


def _expand(_: FetchContext, state: FetchState) -> str:
    tiles, chunks = possible_tiles(state, TILES), possible_tiles(state, EVENTS)
    return f"{_amount(tiles, chunks)} may exist"


def _fetch(_: FetchContext, state: FetchState) -> str:
    read = _amount(len(state.tiles.records), len(state.tiles.chunks))
    return f"{read} read in one round trip"


def _boundaries(context: FetchContext, state: FetchState) -> str:
    ladder_ms = context.program.ladder_ms
    if not ladder_ms:
        return "there are no tiles, so the raw events before the query time are taken"
    if state.end_ms > state.at_ms:
        return "everything counts that was written until now, so the newest tiles are used whole"
    if state.head_level_ms is None:
        return (
            "the newest tile of every level holds later events: the finest one is left out, "
            "prorated, or counted from raw events"
        )
    if state.head_level_ms == ladder_ms[0]:
        return "the newest tiles hold no later events and are used whole"
    return "the newest coarse tiles hold later events: finer ones cover the head"


def _merge(context: FetchContext, state: FetchState) -> str:
    covers = counted(len(state.covers), "cover")
    features = counted(len(context.plan.features), "feature")
    return f"{covers} merged into {features}"


def _derive(context: FetchContext, _: FetchState) -> str:
    return f"{counted(len(context.plan.derivations), 'value')} from the features"


def _judge(context: FetchContext, state: FetchState) -> str:
    policy = context.policy.on_missing or "as the store says"
    return f"missing tiles: {policy}; {counted(len(state.damaged), 'damaged tile')}"


def _amount(tiles: int, chunks: int) -> str:
    raw = f" and {counted(chunks, 'chunk')} of raw events" if chunks else ""
    return counted(tiles, "tile") + raw


#: What is said of each step once it is done.
DETAILS: dict[str, Callable[[FetchContext, FetchState], str]] = {
    "range": _range,
    "expand": _expand,
    "fetch": _fetch,
    "boundaries": _boundaries,
    "merge": _merge,
    "judge": _judge,
    "derive": _derive,
}
