"""The policies for tile sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from tilewright.group_by import EntityFigures
from tilewright.windows import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, duration_ms, format_duration

from ..frontend.config import Config
from .covers import tiles_at_most

#: The hierarchy: windows up to the first take tiles of the second; longer ones take days.
HIERARCHY = (
    (15 * MINUTE_MS, MINUTE_MS),
    (HOUR_MS, 5 * MINUTE_MS),
    (6 * HOUR_MS, 15 * MINUTE_MS),
    (DAY_MS, HOUR_MS),
    (7 * DAY_MS, 6 * HOUR_MS),
)
#: The specification's second table, `HierarchicalTiling.tile_hierarchy`.
HIERARCHICAL_MAP = {"1h": "1m", "4h": "5m", "24h": "1h", "7d": "6h", "30d": "1d"}
#: Entities with fewer events an hour than the first take tiles of the second; busier ones take
#: minutes.
ADAPTIVE = ((100, HOUR_MS), (1_000, 15 * MINUTE_MS), (10_000, 5 * MINUTE_MS))
#: What a clamp may move to: each divides all that follow; beyond them come 2, 4, 8 … days.
_CLAMPED = (
    SECOND_MS,
    5 * SECOND_MS,
    15 * SECOND_MS,
    MINUTE_MS,
    5 * MINUTE_MS,
    15 * MINUTE_MS,
    HOUR_MS,
    6 * HOUR_MS,
    DAY_MS,
)
#: Below so many events a tile is not worth its overhead (the specification's `recommend_tiling`).
_WORTHWHILE_EVENTS = 10

Tiling = Literal["NO_TILING", "STANDARD_TILING", "HIERARCHICAL_TILING"]


class Choice(NamedTuple):
    """A tile size and the rule that chose it."""

    size_ms: int
    rule: str


class Recommended(NamedTuple):
    """The tiling recommended for a window, with its figures."""

    tiling: Tiling
    events_per_tile: float
    tiles_per_window: float


def by_config(window_ms: int, config: Config) -> Choice:
    """Choose a window's tile size by the configuration.

    The order is `tile_size`, then `tile_sizes`, then the strategy. The rule names what was set too
    and chose nothing.
    """
    if config.tile_size is not None:
        choice = Choice(config.tile_size, "config tile_size")
    elif config.tile_sizes:
        choice = _mapped(window_ms, config.tile_sizes, "config tile_sizes")
    else:
        return _STRATEGIES[config.sizing_strategy](window_ms, config)
    others = outvoted(config)
    return choice._replace(rule=f"{choice.rule}, not {others}") if others else choice


def outvoted(config: Config) -> str:
    """Name the settings of tile sizes that lose to another.

    >>> outvoted(Config(sizing_strategy="adaptive", tile_sizes={"1h": "1m"}))
    'sizing_strategy adaptive'
    """
    others: list[str] = []
    if config.tile_size is not None and config.tile_sizes:
        others.append("tile_sizes")
    has_size = config.tile_size is not None or bool(config.tile_sizes)
    if has_size and config.sizing_strategy in ("adaptive", "hierarchical_map"):
        others.append(f"sizing_strategy {config.sizing_strategy}")
    return " or ".join(others)


def _hierarchical(window_ms: int, config: Config) -> Choice:
    for longest_ms, size_ms in HIERARCHY:
        if window_ms <= longest_ms:
            return Choice(size_ms, f"hierarchical: window <= {format_duration(longest_ms)}")
    return Choice(DAY_MS, f"hierarchical: window > {format_duration(HIERARCHY[-1][0])}")


def _hierarchical_map(window_ms: int, config: Config) -> Choice:
    return _mapped(window_ms, HIERARCHICAL_MAP, "hierarchical_map")


def _mapped(window_ms: int, sizes: Mapping[str, str], name: str) -> Choice:
    """Take the entry of the next longer listed window.

    Beyond all of them the hierarchy decides.
    """
    listed = sorted((duration_ms(window), window) for window in sizes)
    for longest_ms, window in listed:
        if window_ms <= longest_ms:
            return Choice(duration_ms(sizes[window]), f"{name}: window <= {window}")
    size_ms, rule = _hierarchical(window_ms, Config())
    return Choice(size_ms, f"{rule} (longer than all of {name})")


def _adaptive(window_ms: int, config: Config) -> Choice:
    """Choose by an entity's events per hour.

    The tile is clamped so that it fits the window and a request stays affordable.
    """
    if config.entity_stats is None:
        size_ms, rule = _hierarchical(window_ms, config)
        return Choice(size_ms, f"{rule} (adaptive without entity_stats)")
    rate = config.entity_stats.events_per_hour
    size_ms, rule = MINUTE_MS, f"adaptive: events per hour >= {ADAPTIVE[-1][0]:,}"
    for below, coarser_ms in ADAPTIVE:
        if rate < below:
            size_ms, rule = coarser_ms, f"adaptive: events per hour < {below:,}"
            break
    if size_ms > window_ms:
        fitting = [clamped for clamped in _CLAMPED if clamped <= window_ms]
        return Choice(fitting[-1], f"{rule}, made finer to fit the window")
    if tiles_at_most(window_ms, size_ms) > config.max_tiles_per_request:
        coarser = _affordable(window_ms, size_ms, config.max_tiles_per_request)
        return Choice(
            coarser,
            f"{rule}, made coarser for at most {config.max_tiles_per_request:,} tiles per request",
        )
    return Choice(size_ms, rule)


def _affordable(window_ms: int, size_ms: int, cap: int) -> int:
    """Find the finest size above `size_ms` that the cap allows.

    A tile is never longer than its window.
    """
    coarser = [clamped for clamped in _CLAMPED if clamped > size_ms]
    while coarser[-1] < window_ms:
        coarser.append(2 * coarser[-1])
    fitting = [size for size in coarser if size <= window_ms]
    return next(
        (size for size in fitting if tiles_at_most(window_ms, size) <= cap),
        fitting[-1] if fitting else size_ms,
    )


def recommend(window_ms: int, size_ms: int, stats: EntityFigures, max_tiles: int) -> Recommended:
    """Recommend a tiling as the specification's `recommend_tiling` does.

    It looks for too few events a tile, and for too many tiles a window.
    """
    events, tiles = stats.events_per_hour * size_ms / HOUR_MS, window_ms / size_ms
    if events < _WORTHWHILE_EVENTS:
        return Recommended("NO_TILING", events, tiles)
    return Recommended(
        "HIERARCHICAL_TILING" if tiles > max_tiles else "STANDARD_TILING", events, tiles
    )


_STRATEGIES: dict[str, Callable[[int, Config], Choice]] = {
    "hierarchical": _hierarchical,
    "hierarchical_map": _hierarchical_map,
    "adaptive": _adaptive,
    # Without a tile_size, which stands above, its sizes are those of tile_sizes; config refuses it
    # without either.
    "fixed": _hierarchical,
}
