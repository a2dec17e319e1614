"""The checks for slow fetches.

They are the specification's: hit rate, size of tiles, the store, the way to it, and decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf

from tilewright.windows import format_duration
from tilewright_compiler.humanize import counted

from ..fetch.explain import Explanation
from ..fetch.shares import WindowShare
from ..stores.health import BUSY_WINDOW_S
from .observations import Finding, Observations, Severity

Check = Callable[[Observations], Finding]

#: A hit rate below this is low, and so many look-ups have to be known to say so.
_LOW_HIT_RATE, _FEW_LOOKUPS = 0.5, 1000
_NO_SERVICE = "no metrics of a service were given (--service URL)"
#: Fetches of a service that have to be known to judge it.
_FEW_FETCHES = 100
#: A fetch may take less than its bucket's bound, by this factor at most.
_SURELY = 2.5
#: A window that reads more tiles than this could do with coarser ones: a twelfth of a window is the
#: edge error that is allowed by default, and levels of a ladder seldom make more than sixty of it.
_MANY_TILES = 200
#: What a store on the same network needs for the smallest answer, and the network for the way. A
#: service is asked by HTTP, from where doctor runs.
_SLOW_ANSWER_S, _SLOW_WAY_S, _SLOW_SERVICE_WAY_S = 0.005, 0.002, 0.1
#: Slow commands that take more than this in all keep others waiting.
_BUSY_S = 0.1 * BUSY_WINDOW_S
#: Decoding and merging of a tile takes microseconds, with sketches some ten of them.
_SLOW_TILE_S, _SLOW_DECODING_S = 0.0002, 0.005


def cache_hit_rate(seen: Observations) -> Finding:
    """Check how often a cache has what is asked for."""
    if seen.service is None:
        return Finding(Severity.OK, _NO_SERVICE, "not checked")
    values = seen.service.values
    hits, misses = values.get("cache_hits_total"), values.get("cache_misses_total")
    if hits is None or misses is None or not hits + misses:
        return Finding(Severity.OK, "the service has no cache, or nothing was asked of it", "none")
    rate = hits / (hits + misses)
    evidence = f"{hits:,.0f} of {hits + misses:,.0f} look-ups were hits ({rate:.0%})"
    if rate >= _LOW_HIT_RATE or hits + misses < _FEW_LOOKUPS:
        return Finding(Severity.OK, evidence, "in order")
    return Finding(
        Severity.WARNING,
        evidence,
        "the cache seldom has what is asked for",
        "Give it more bytes, or warm it (--warm); entities that are asked for once gain nothing.",
    )


def tile_size(seen: Observations) -> Finding:
    """Check how many tiles a window reads."""
    most, evidence, remedy = 0, "no fetch was measured: the store has no entity of the plan", ""
    if seen.fetches:
        evidence = "the windows that end now hold no tile of the entities that were measured"
    for explanation in seen.fetches:
        for share in explanation.windows:
            window_ms = share.window.window_ms
            tiles, reads = _read(seen, share)
            if window_ms is None or tiles <= most:
                continue
            most = tiles
            edge_ms = share.window.levels_ms[-1]
            evidence = (
                f"the window of {format_duration(window_ms)} {reads}, the finest of "
                f"{format_duration(edge_ms)}"
            )
            remedy = (
                f"Choose a larger tile_size for it: its edge error would be a twelfth with tiles "
                f"of about {format_duration(_twelfth(window_ms))}. Coarser levels in the middle "
                "(tile_sizes) read fewer too."
            )
    if most > _MANY_TILES:
        return Finding(_severity(seen), evidence, "the tiles are much too small", remedy)
    return Finding(Severity.OK, evidence, "in order")


def _read(seen: Observations, share: WindowShare) -> tuple[int, str]:
    """Count the tiles that a window costs.

    Without scans of ranges, those that hold nothing are asked for too.
    """
    held = share.tile_count
    if not seen.is_asked_by_tile:
        return held, f"reads {counted(held, 'tile')}"
    asked = sum(segment.tiles for segment in share.segments)
    return asked, f"asks for {counted(asked, 'tile')} and finds {held:,}"


def _twelfth(window_ms: int) -> int:
    """A twelfth of a window, in whole seconds."""
    return max(window_ms // 12 // 1000 * 1000, 1000)


def store_health(seen: Observations) -> Finding:
    """Check how long the store itself takes.

    The way there and back is left out.
    """
    health = seen.health
    own_s = health.answer_seconds - (health.connect_seconds or 0.0)
    evidence = f"the smallest answer takes {_taking(own_s)} in the store"
    if own_s <= 0:
        evidence = "the smallest answer takes no longer than the way to the store"
    if health.busy_seconds:
        evidence += (
            f"; slow commands took {health.busy_seconds:.1f} s of the last {BUSY_WINDOW_S} s, and "
            f"{health.slow_command} the longest"
        )
    if own_s <= _SLOW_ANSWER_S and health.busy_seconds <= _BUSY_S:
        return Finding(Severity.OK, evidence, "in order")
    return Finding(
        _severity(seen),
        evidence,
        "the store is slow",
        "See what keeps it busy (for Redis: SLOWLOG GET, INFO commandstats, swapping, saving), and "
        "give it more of that.",
    )


def round_trip_time(seen: Observations) -> Finding:
    """Check how long the way to the store takes.

    That to the service is measured too.
    """
    connect_s, service_s = seen.health.connect_seconds, seen.service_way_seconds
    evidence = "the store is on this machine"
    if connect_s is not None:
        evidence = f"the way there and back takes {_taking(connect_s)}"
    if service_s is not None:
        evidence += f"; the service's smallest answer takes {_taking(service_s)}"
    if service_s is not None and service_s > _SLOW_SERVICE_WAY_S:
        return Finding(
            _severity(seen),
            evidence,
            "the service is far away, or busy",
            "Put it beside those who ask, and give it more workers (--workers). Ask for many keys "
            "in one request.",
        )
    if connect_s is None or connect_s <= _SLOW_WAY_S:
        return Finding(Severity.OK, evidence, "in order")
    return Finding(
        _severity(seen),
        evidence,
        "the store is far away",
        "Put store and reader into one zone, fetch many keys at once (fetch_many), or keep "
        "finished tiles nearer.",
    )


def deserialization(seen: Observations) -> Finding:
    """Check what decoding and merging a tile costs."""
    slowest: Explanation | None = None
    for explanation in seen.fetches:
        if slowest is None or _decoding_s(explanation) > _decoding_s(slowest):
            slowest = explanation
    if slowest is None:
        return Finding(Severity.OK, "no fetch was measured", "not checked")
    seconds, tiles = _decoding_s(slowest), _tiles(slowest)
    evidence = (
        f"decoding and merging {counted(tiles, 'tile')} takes {_taking(seconds)} of "
        f"{_taking(slowest.seconds)}"
    )
    if seconds <= max(_SLOW_DECODING_S, tiles * _SLOW_TILE_S):
        return Finding(Severity.OK, evidence, "in order")
    return Finding(
        _severity(seen),
        evidence,
        "tiles are costly to decode and to merge",
        "Sketches and lists cost most: ask for fewer features at once (features=), give sketches "
        "fewer windows, or smaller k. Coarser levels leave fewer tiles to merge.",
    )


def _decoding_s(explanation: Explanation) -> float:
    rows = explanation.breakdown
    return rows["deserialization"] + rows["merging"]


def _tiles(explanation: Explanation) -> int:
    tiles = explanation.state.tiles
    return len(tiles.records) + len(tiles.chunks)


def _severity(seen: Observations) -> Severity:
    """Judge a cause by what the plan allows.

    It is critical if fetches take longer.
    """
    allowed_s = seen.plan.monitoring.tile_fetch_sla_ms / 1000
    is_slow = seen.fetch_seconds is not None and seen.fetch_seconds > allowed_s
    return Severity.CRITICAL if is_slow else Severity.WARNING


def service_latency(seen: Observations) -> Finding:
    """Check how long a service's fetches take.

    They are slow by themselves if those that doctor measured from the same store are not.
    """
    service = seen.service
    if service is None:
        return Finding(Severity.OK, _NO_SERVICE, "not checked")
    if not service.fetch_count:
        return Finding(Severity.OK, "the service has answered no fetch of the plan", "not checked")
    slowest_s = service.fetches_within_s(0.99)
    evidence = f"of {service.fetch_count:,} fetches 99 % took {_at_most(slowest_s)}"
    if tiles := service.values.get("tiles_per_request_sum"):
        evidence += f", and each asked for {tiles / service.fetch_count:,.0f} tiles"
    allowed_s = seen.plan.monitoring.tile_fetch_sla_ms / 1000
    own_s = seen.fetch_seconds
    is_slow = service.fetch_count >= _FEW_FETCHES and slowest_s > _SURELY * allowed_s
    if not is_slow or own_s is None or own_s > allowed_s:
        return Finding(Severity.OK, evidence, "in order")
    return Finding(
        Severity.CRITICAL,
        f"{evidence}; the same fetches by doctor take {_taking(own_s)}",
        "the service has more to do than its processes can",
        "Give it more workers (--workers), one for each core, or more machines.",
    )


def _taking(seconds: float) -> str:
    """Write a short time with its unit."""
    if seconds >= 0.001:
        return f"{seconds * 1000:.2f} ms"
    return f"{max(seconds * 1e6, 1):.0f} µs"


def _at_most(seconds: float) -> str:
    return "longer than was counted" if seconds == inf else f"at most {seconds * 1000:g} ms"


LATENCY_CHECKS: Mapping[str, Check] = {
    "cache_hit_rate": cache_hit_rate,
    "tile_size": tile_size,
    "store_health": store_health,
    "round_trip_time": round_trip_time,
    "deserialization": deserialization,
    "service_latency": service_latency,
}
