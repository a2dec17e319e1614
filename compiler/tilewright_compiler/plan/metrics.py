"""What is measured while plans run: names, kinds and units.

Whoever counts registers these, and alerts and dashboards ask for them, so a rule cannot name a
metric that does not exist (errata R8). The names follow Prometheus: the specification's name
between `tilewright_` and the unit, with `_total` behind counters. Every metric is labelled by plan.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

#: The label that every metric has: the plan's dotted name.
PLAN_LABEL: Final = "plan"

#: From a tenth of a millisecond, which one embedded fetch takes, to a request that timed out.
_LATENCIES_SECONDS = (
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    10.0,
)
#: From a second, as of a stream, to a week, as of history that nobody loads any more.
_AGES_SECONDS = (1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400, 604_800)
_COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000)
_BYTES = (64, 128, 256, 512, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576)


class Metric(NamedTuple):
    """A metric under the name that a scrape shows.

    `side` says which process counts it: the writer or the service. Only histograms have buckets.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    side: Literal["write", "fetch"]
    help: str
    buckets: tuple[float, ...] = ()


TILE_WRITE_LATENCY = Metric(
    name="tilewright_tile_write_latency_seconds",
    kind="histogram",
    side="write",
    help="Time from a batch's arrival to its tiles' commit.",
    buckets=_LATENCIES_SECONDS,
)
TILE_WRITE_FAILURES = Metric(
    name="tilewright_tile_write_failures_total",
    kind="counter",
    side="write",
    help="Tiles whose write failed; a later one may succeed.",
)
TILES_WRITTEN = Metric(
    name="tilewright_tiles_written_total",
    kind="counter",
    side="write",
    help="Tiles written: with the failures, all writes.",
)
TILES_PER_SECOND = Metric(
    name="tilewright_tiles_per_second",
    kind="gauge",
    side="write",
    help="Tiles written in a second, as of the last commit.",
)
LATE_EVENTS_PROCESSED = Metric(
    name="tilewright_late_events_processed_total",
    kind="counter",
    side="write",
    help="Events behind the watermark that were taken.",
)
TILE_FETCH_LATENCY = Metric(
    name="tilewright_tile_fetch_latency_seconds",
    kind="histogram",
    side="fetch",
    help="Time of a fetch: from the keys to the features.",
    buckets=_LATENCIES_SECONDS,
)
CACHE_HIT_RATE = Metric(
    name="tilewright_cache_hit_rate",
    kind="gauge",
    side="fetch",
    help="Share of the look-ups that the cache answered, from 0 to 1, since the start.",
)
CACHE_HITS = Metric(
    name="tilewright_cache_hits_total",
    kind="counter",
    side="fetch",
    help="Look-ups that the cache answered.",
)
CACHE_MISSES = Metric(
    name="tilewright_cache_misses_total",
    kind="counter",
    side="fetch",
    help="Look-ups that went on to the store.",
)
CACHE_EVICTIONS = Metric(
    name="tilewright_cache_evictions_total",
    kind="counter",
    side="fetch",
    help="Entries of the cache in memory that made room for others.",
)
CACHE_BYTES = Metric(
    name="tilewright_cache_bytes",
    kind="gauge",
    side="fetch",
    help="Bytes that the cache holds in memory, in the process that holds most.",
)
CACHE_WARMED = Metric(
    name="tilewright_cache_warmed_total",
    kind="counter",
    side="fetch",
    help="Entities whose finished tiles were read before they were asked for.",
)
CACHE_FOLDER_HITS = Metric(
    name="tilewright_cache_folder_hits_total",
    kind="counter",
    side="fetch",
    help="Entries that were not in memory and that the cache's folder had.",
)
CACHE_FOLDER_MISSES = Metric(
    name="tilewright_cache_folder_misses_total",
    kind="counter",
    side="fetch",
    help="Entries that neither memory nor the cache's folder had.",
)
CACHE_FOLDER_EVICTIONS = Metric(
    name="tilewright_cache_folder_evictions_total",
    kind="counter",
    side="fetch",
    help="Entries of the cache's folder that made room for others.",
)
CACHE_FOLDER_BYTES = Metric(
    name="tilewright_cache_folder_bytes",
    kind="gauge",
    side="fetch",
    help="Bytes that the cache's folder holds, of all plans.",
)
TILES_PER_REQUEST = Metric(
    name="tilewright_tiles_per_request",
    kind="histogram",
    side="fetch",
    help="Tiles that a fetch asked for, whether or not they exist; the sum counts all of them.",
    buckets=_COUNTS,
)
MISSING_TILES = Metric(
    name="tilewright_missing_tiles_total",
    kind="counter",
    side="fetch",
    help="Tiles that a fetch asked for and that are not written yet; those without events are not.",
)
APPROXIMATE_TILES = Metric(
    name="tilewright_approximate_tiles",
    kind="gauge",
    side="fetch",
    help="Tiles flagged as approximate among those that the last fetch read.",
)
TILE_STALENESS = Metric(
    name="tilewright_tile_staleness_seconds",
    kind="histogram",
    side="fetch",
    help="How far the watermark is behind the clock when a live fetch is answered.",
    buckets=_AGES_SECONDS,
)
IR_SIZE_BYTES = Metric(
    name="tilewright_ir_size_bytes",
    kind="histogram",
    side="write",
    help="Size of a tile's record as it is stored.",
    buckets=_BYTES,
)

#: All of them, those of the writer first.
METRICS: Final = (
    TILE_WRITE_LATENCY,
    TILE_WRITE_FAILURES,
    TILES_WRITTEN,
    TILES_PER_SECOND,
    LATE_EVENTS_PROCESSED,
    IR_SIZE_BYTES,
    TILE_FETCH_LATENCY,
    CACHE_HIT_RATE,
    CACHE_HITS,
    CACHE_MISSES,
    CACHE_EVICTIONS,
    CACHE_BYTES,
    CACHE_WARMED,
    CACHE_FOLDER_HITS,
    CACHE_FOLDER_MISSES,
    CACHE_FOLDER_EVICTIONS,
    CACHE_FOLDER_BYTES,
    TILES_PER_REQUEST,
    MISSING_TILES,
    APPROXIMATE_TILES,
    TILE_STALENESS,
)
