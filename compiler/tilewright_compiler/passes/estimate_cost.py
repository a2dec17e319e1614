"""Pass: what a fetch reads and what an entity occupies, before there is any data."""

from __future__ import annotations

from itertools import pairwise
from math import ceil

from ..draft import Draft
from ..plan import Cost, Request, State

_HEADER_BYTES, _NUMBER_BYTES = 48, 8
#: The length before each field of changing length, and a typical length of its bytes.
_LENGTH_BYTES = 8
_SKETCH_BYTES = {"tdigest": 1600, "kll": 1600, "hll": 512, "frequent": 512, "histogram": 512, "unique": 512}
#: What an entry of a list takes, of which at most k are kept; few tiles have more values than this.
_ENTRY_BYTES = {"bounded": 8, "largest_k": 8, "smallest_k": 8, "first_k": 16, "last_k": 16}
_TYPICAL_ENTRIES = 64
_TEXT_BYTES = 16
#: A lifetime reads as many tiles as there are days with events: a year of them is assumed.
_LIFETIME_MS = 365 * 86_400_000


def estimate_cost(draft: Draft) -> None:
    """Fill the draft's cost.

    A window W over tiles T reads W/T tiles if its ends are tile boundaries and one more if not (errata K8);
    a level is read once, for its longest window.
    """
    record = _record_bytes(draft)
    aligned = unaligned = 0
    for level in draft.levels:
        longest_ms = max((f.window_ms or _LIFETIME_MS for f in draft.plan_features if level.size_ms in f.levels_ms), default=0)
        aligned += ceil(longest_ms / level.size_ms)
        unaligned += ceil(longest_ms / level.size_ms) + 1 if longest_ms else 0
    draft.cost = Cost(
        # Requests come at any time, so the typical one is not aligned either; the worst also meets a head tile
        # with later events at every level, and reads the finer tiles up to the request's time instead.
        typical=Request(tiles=unaligned, bytes=unaligned * record, round_trips=1),
        worst=Request(tiles=unaligned + _head_tiles(draft), bytes=(unaligned + _head_tiles(draft)) * record, round_trips=1),
        stored_bytes_per_entity=_stored_bytes(draft, record),
    )


def _record_bytes(draft: Draft) -> int:
    layout = draft.tile_layout
    if layout is None:
        return 0
    states = {state.id: state for state in draft.states}
    sketches = sum(_LENGTH_BYTES + _variable_bytes(states[field.state]) for field in layout.variable)
    return _HEADER_BYTES + _NUMBER_BYTES * len(layout.columns) + sketches


def _variable_bytes(state: State) -> int:
    if (entry := _ENTRY_BYTES.get(state.kind)) is not None:
        return entry * min(int(state.params["k"]), _TYPICAL_ENTRIES)
    return _SKETCH_BYTES.get(state.kind, _TEXT_BYTES)


def _head_tiles(draft: Draft) -> int:
    sizes = [level.size_ms for level in draft.levels]
    return sum(coarse // fine - 1 for coarse, fine in pairwise(sizes))


def _stored_bytes(draft: Draft, record: int) -> int | None:
    total = 0
    for level in draft.levels:
        if level.ttl_ms is None:
            return None
        total += ceil(level.ttl_ms / level.size_ms) * record
    return total
