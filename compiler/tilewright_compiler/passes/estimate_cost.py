"""Pass: estimate what a fetch reads and an entity occupies."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from tilewright.windows import DAY_MS, HOUR_MS

from ..draft import Contents, Draft
from ..plan.cost import Cost, Recommendation, Request
from ..plan.layout import BucketLayout, TileLayout
from ..plan.model import EventLog
from ..plan.types import family
from ..sizing.policies import recommend
from ..sizing.worst import Read, next_coarser_ms, worst_tiles
from ..states import kind_of
from ..states.base import TEXT_BYTES

_HEADER_BYTES, _NUMBER_BYTES = 48, 8
#: The length before each field of changing length.
_LENGTH_BYTES = 8
#: How many values of a bucket column a tile is taken to hold.
_TYPICAL_BUCKETS = 10
#: What a chunk takes beside its events, for itself and for each of its columns, and how many events
#: it has where that is not known.
_CHUNK_BYTES, _CHUNK_COLUMN_BYTES, _TYPICAL_EVENTS = 64, 64, 16
#: A lifetime reads as many tiles as there are days with events: a year of them is assumed.
_LIFETIME_MS = 365 * DAY_MS


@dataclass(frozen=True)
class _Laid:
    """A checked GroupBy, its tiles and its log of events."""

    draft: Draft
    contents: Contents
    events: EventLog | None


def estimate_cost(draft: Draft, contents: Contents, events: EventLog | None) -> Cost:
    """Estimate what a fetch reads and an entity occupies.

    A fetch of many bytes is warned of.

    A window W over tiles T reads W/T tiles if its ends are tile boundaries and one more if
    not; a level is read once, for its longest window.
    """
    laid = _Laid(draft, contents, events)
    record, chunk, chunks = _record_bytes(laid), _chunk_bytes(laid), _chunks(laid)
    typical, worst = _tiles_of_requests(laid)
    stored, stats = _stored_bytes(laid, record, chunk), draft.config.entity_stats
    entities, requests = (stats.entities, stats.requests_per_second) if stats else (None, None)
    cost = Cost(
        typical=Request(
            tiles=typical, chunks=chunks, bytes=typical * record + chunks * chunk, round_trips=1
        ),
        worst=Request(
            tiles=worst, chunks=chunks, bytes=worst * record + chunks * chunk, round_trips=1
        ),
        chunk_bytes=None if events is None else chunk,
        max_tiles_per_request=draft.config.max_tiles_per_request,
        max_edge_error=draft.config.max_edge_error,
        max_bytes_per_request=draft.config.max_bytes_per_request,
        stored_bytes_per_entity=stored,
        stored_bytes=None if stored is None or entities is None else stored * entities,
        tiles_per_second=None if requests is None else requests * typical,
        recommendations=_recommendations(laid),
    )
    _warn_of_bytes(draft, cost.worst.bytes)
    return cost


def _warn_of_bytes(draft: Draft, worst: int) -> None:
    budget = draft.config.max_bytes_per_request
    if budget is not None and worst > budget:
        what = (
            f"a request for all features reads {worst:,} bytes at worst, more than "
            f"tiling.max_bytes_per_request = {budget:,}."
        )
        advice = "Use a larger tile_size, fewer or smaller sketches, or two GroupBys."
        draft.report("TW046", draft.group_by.site, f"{what} {advice}")


def _tiles_of_requests(laid: _Laid) -> tuple[int, int]:
    """Count the tiles of a fetch, typically and at worst.

    The levels are not at their worst at one time. Where the times are too many to try, their sum
    stands for the worst of all.
    """
    counts = [_tiles(laid, level.size_ms) for level in laid.draft.levels]
    typical, worst = sum(count for count, _ in counts), sum(count for _, count in counts)
    reads = [
        Read(feature.window_ms or _LIFETIME_MS, tuple(feature.levels_ms), feature.edge)
        for feature in laid.contents.features
    ]
    exact = (
        worst_tiles(reads, [level.size_ms for level in laid.draft.levels])
        if laid.draft.levels
        else None
    )
    worst = worst if exact is None else exact
    return min(typical, worst), worst


def _tiles(laid: _Laid, size_ms: int) -> tuple[int, int]:
    """Count a level's tiles per fetch, typically and at worst.

    Up to the longest window that has this level as its coarsest there is no gap. Otherwise a fetch
    reads the tiles inside the newest tile of a coarser level, in case that one holds later events.
    Each longer cover with a coarser middle adds the tiles at its old end.
    """
    windows = {
        (f.window_ms or _LIFETIME_MS, tuple(f.levels_ms), f.edge) for f in laid.contents.features
    }
    reach_ms = 0
    for window_ms, levels_ms, _ in windows:
        if levels_ms[0] == size_ms:
            reach_ms = max(reach_ms, window_ms)
    # Requests come at any time, so the typical one is not aligned either.
    reach = ceil(reach_ms / size_ms) + 1 if reach_ms else 0
    head_ms = _head_ms(laid, size_ms)
    head = head_ms // size_ms if head_ms > reach_ms else 0
    typical = max(reach, head // 2 + 1 if head else 0)
    worst = max(reach, head)
    ends: set[tuple[int, int, bool]] = set()
    for window_ms, levels_ms, edge in windows:
        coarser_ms = next_coarser_ms(levels_ms, size_ms)
        if coarser_ms is not None and window_ms > reach_ms:
            # A cut edge tile stands beside the whole ones, even if a coarser tile begins them.
            ends.add((window_ms, coarser_ms, edge == "prorate" and size_ms == levels_ms[-1]))
    for _, coarser_ms, is_cut in ends:
        tiles = coarser_ms // size_ms + is_cut
        typical += tiles // 2
        worst += tiles - 1
    return typical, worst


def _head_ms(laid: _Laid, size_ms: int) -> int:
    """Find the coarsest tile that head tiles may stand for.

    The head tiles have the size `size_ms`.
    """
    ladder = [level.size_ms for level in laid.draft.levels]
    head_ms = 0
    for feature in laid.contents.features:
        edge_ms = feature.levels_ms[-1]
        finer = [finer_ms for finer_ms in ladder if finer_ms < edge_ms]
        head_ms = max(head_ms, next_coarser_ms([*feature.levels_ms, *finer], size_ms) or 0)
    return head_ms


def _chunks(laid: _Laid) -> int:
    """Count the chunks of raw events that a fetch reads.

    Beside tiles these are the newest one, and one at the old end of each exact window.
    """
    if laid.events is None:
        return 0
    windows = {feature.window_ms for feature in laid.contents.features if feature.edge == "exact"}
    if laid.draft.levels:
        return len(windows - {None}) + 1
    return ceil(max(window_ms or _LIFETIME_MS for window_ms in windows) / laid.events.size_ms) + 1


def _chunk_bytes(laid: _Laid) -> int:
    """Estimate a chunk's size from its number of events.

    Without entity_stats a typical number is assumed.
    """
    if laid.events is None:
        return 0
    stats, columns = laid.draft.config.entity_stats, laid.events.columns
    count = _TYPICAL_EVENTS
    if stats is not None:
        count = ceil(stats.events_per_hour * laid.events.size_ms / HOUR_MS)
    texts = sum(family(column.type) == "text" for column in columns)
    event_bytes = _NUMBER_BYTES * len(columns) + TEXT_BYTES * texts
    chunk_bytes = _CHUNK_BYTES + _CHUNK_COLUMN_BYTES * len(columns) + event_bytes * count
    return _HEADER_BYTES + _LENGTH_BYTES + chunk_bytes


def _recommendations(laid: _Laid) -> list[Recommendation]:
    """Advise on each window and edge level, shortest first.

    There is no advice without entity_stats.
    """
    stats, cap = laid.draft.config.entity_stats, laid.draft.config.max_tiles_per_request
    if stats is None:
        return []
    sizes: set[tuple[int, int]] = set()
    for feature in laid.contents.features:
        if feature.window_ms is not None and feature.edge_ms is not None:
            sizes.add((feature.window_ms, feature.edge_ms))
    recommendations: list[Recommendation] = []
    for window_ms, size_ms in sorted(sizes):
        advice = recommend(window_ms, size_ms, stats, cap)._asdict()
        recommendations.append(Recommendation(window_ms=window_ms, size_ms=size_ms, **advice))
    return recommendations


def _record_bytes(laid: _Laid) -> int:
    layout = laid.contents.layout
    buckets = sum(
        _LENGTH_BYTES + _TYPICAL_BUCKETS * (TEXT_BYTES + _fields_bytes(laid, bucket))
        for bucket in layout.buckets
    )
    return _HEADER_BYTES + _fields_bytes(laid, layout) + buckets


def _fields_bytes(laid: _Laid, layout: TileLayout | BucketLayout) -> int:
    states = {state.id: state for state in laid.contents.states}
    sketches = sum(
        _LENGTH_BYTES + kind_of(states[field.state]).variable_bytes(states[field.state])
        for field in layout.variable
    )
    return _NUMBER_BYTES * len(layout.columns) + sketches


def _stored_bytes(laid: _Laid, record: int, chunk: int) -> int | None:
    stored_levels = [(level.ttl_ms, level.size_ms, record) for level in laid.draft.levels]
    if laid.events is not None:
        stored_levels.append((laid.events.ttl_ms, laid.events.size_ms, chunk))
    total = 0
    for ttl_ms, size_ms, size in stored_levels:
        if ttl_ms is None:
            return None
        total += ceil(ttl_ms / size_ms) * size
    return total
