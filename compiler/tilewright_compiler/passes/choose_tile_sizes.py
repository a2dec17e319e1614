"""Pass: choose each window's tile sizes, and the levels."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import ceil
from operator import itemgetter

from tilewright.declaration import CallSite
from tilewright.windows import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, duration_ms, format_duration

from ..draft import Draft, FeatureSpec, TileSize
from ..plan.model import Level
from ..sizing.covers import cover_levels, tiles_read
from ..sizing.policies import by_config, outvoted


def choose_tile_sizes(draft: Draft) -> None:
    """Give features their tile sizes, and the draft levels.

    A feature gets its edge level, the rule that chose it, and the levels of its cover; levels are
    ordered coarsest first. With the hierarchy the windows 1h, 12h and 7d get 5m, 1h and 6h: levels
    6h, 1h, 5m.
    """
    if not draft.tiled:
        draft.sized = [TileSize(None, "untiled") for _ in draft.features]
        _warn_of_no_effect(draft)
        return
    _warn_of_no_stats(draft)
    _warn_of_outvoted(draft)
    draft.sized = [_size(draft, feature) for feature in draft.features]
    for feature, sized in zip(draft.features, draft.sized, strict=True):
        _check(draft, feature, sized)
    _warn_of_errors(draft)
    ladder = _ladder(draft)
    if draft.broken:
        return
    draft.sized = [
        _on_ladder(feature, sized, ladder)
        for feature, sized in zip(draft.features, draft.sized, strict=True)
    ]
    # Raw events stand for the edges of exact windows, so the levels that they asked for may have
    # no reader left.
    ladder = [size_ms for size_ms in ladder if _is_read(draft, size_ms)]
    coarser = zip(ladder, (0, *ladder), strict=False)
    draft.levels = [
        Level(size_ms=size_ms, ttl_ms=_ttl_ms(draft, size_ms, coarser_ms))
        for size_ms, coarser_ms in coarser
    ]
    _warn_of_many(draft)


def _warn_of_no_stats(draft: Draft) -> None:
    """Report the strategy adaptive without the entity_stats that it needs."""
    config = draft.config
    has_size = bool(config.tile_sizes) or config.tile_size is not None
    if config.sizing_strategy == "adaptive" and config.entity_stats is None and not has_size:
        what = (
            "the sizing strategy adaptive knows nothing of the entities without "
            "tiling.entity_stats, so the hierarchy is used."
        )
        advice = "Measure them with: tilewright stats PLAN FILE."
        draft.report("TW042", draft.group_by.site, f"{what} {advice}")


def _warn_of_outvoted(draft: Draft) -> None:
    """Report settings of tile sizes that another one comes before."""
    if others := outvoted(draft.config):
        winner = "tile_sizes" if draft.config.tile_size is None else "tile_size"
        what = f"tiling.{winner} chooses the tile sizes, and {others}, which is set too, does not."
        draft.report("TW047", draft.group_by.site, f"{what} Leave out the one that is not meant.")


def _size(draft: Draft, feature: FeatureSpec) -> TileSize:
    aggregation, said = feature.aggregation, draft.tile_size
    if aggregation.tile_size is not None:
        return TileSize(duration_ms(aggregation.tile_size), "aggregation tile_size")
    if feature.window_ms is None:
        return TileSize(None, "lifetime")
    if said is not None:
        return TileSize(duration_ms(said), "group_by tile_size")
    return TileSize(*by_config(feature.window_ms, draft.config))


def _on_ladder(feature: FeatureSpec, sized: TileSize, ladder: list[int]) -> TileSize:
    """Choose the levels of a feature's cover.

    A lifetime reads the coarsest level only. A window reads its edge level, with coarser ones in
    the middle where they save reads. An exact window has its edge on the finest level: raw events
    replace the tile that it cuts.
    """
    if feature.window_ms is None or sized.edge_ms is None:
        return replace(sized, levels_ms=(ladder[0],))
    edge_ms = ladder[-1] if feature.edge == "exact" else sized.edge_ms
    levels_ms = cover_levels(
        feature.window_ms, tuple(size_ms for size_ms in ladder if size_ms >= edge_ms)
    )
    return replace(sized, edge_ms=edge_ms, levels_ms=levels_ms)


def _is_read(draft: Draft, size_ms: int) -> bool:
    """Tell whether some feature's cover has tiles of a size."""
    return any(size_ms in sized.levels_ms for sized in draft.sized)


def _warn_of_no_effect(draft: Draft) -> None:
    """Report settings of tiles where there are no tiles."""
    group_by = draft.group_by
    has_edge = "edge" in group_by.model_fields_set and group_by.edge != "exact"
    said = [
        ("tile_size", draft.tile_size is not None, group_by.site),
        ("edge", has_edge, group_by.site),
    ]
    for aggregation in {id(f.aggregation): f.aggregation for f in draft.features}.values():
        said.append(("tile_size", aggregation.tile_size is not None, aggregation.site))
        said.append(("edge", aggregation.edge not in (None, "exact"), aggregation.site))
    for argument, given, site in said:
        if given:
            what = (
                f"{argument}= has no effect: this GroupBy has no tiles, and its windows are "
                "met exactly."
            )
            draft.report("TW044", site, f"{what} Say tiling_enabled=True, or leave {argument} out.")


def _check(draft: Draft, feature: FeatureSpec, sized: TileSize) -> None:
    site, size_ms, window_ms = feature.aggregation.site, sized.edge_ms, feature.window_ms
    if size_ms is None:
        return
    size = format_duration(size_ms)
    if window_ms is None:
        if size_ms < DAY_MS:
            what = f"a lifetime reads every tile that there ever was: tiles of {size} are too many."
            draft.report("TW015", site, f"{what} Use 1d or more, or leave tile_size out.")
    elif size_ms > window_ms:
        window = format_duration(window_ms)
        what = (
            f"a tile of {size} ({sized.rule}) is longer than the window {window} of "
            f"{feature.name}: no tile would fit."
        )
        draft.report("TW013", site, f"{what} Use {window} or less.")


def _warn_of_errors(draft: Draft) -> None:
    """Warn of edge errors above the budget.

    For each line of declarations the worst feature is named.
    """
    above: dict[CallSite, list[tuple[float, FeatureSpec, int, int]]] = {}
    for feature, sized in zip(draft.features, draft.sized, strict=True):
        size_ms, window_ms = sized.edge_ms, feature.window_ms
        if size_ms is None or window_ms is None or feature.edge == "exact" or size_ms > window_ms:
            continue
        if (error := size_ms / window_ms) > draft.config.max_edge_error + 1e-12:
            of_line = above.setdefault(feature.aggregation.site, [])
            of_line.append((error, feature, size_ms, window_ms))
    for of_line in above.values():
        worst = max(of_line, key=itemgetter(0))
        _warn_of_error(draft, *worst, others=len(of_line) - 1)


def _warn_of_error(
    draft: Draft, error: float, feature: FeatureSpec, size_ms: int, window_ms: int, others: int
) -> None:
    budget = draft.config.max_edge_error
    finer = format_duration(max(1, int(window_ms * budget + 1e-6) // 1000) * 1000)
    what = (
        f"{feature.name}: the oldest tile ({format_duration(size_ms)}) is {error:.0%} of the "
        f"window {format_duration(window_ms)}, above the budget of {budget:.0%}."
    )
    advice = f"Use a tile_size of at most {finer}."
    draft.report("TW040", feature.aggregation.site, f"{what}{_more(others)} {advice}")


def _warn_of_many(draft: Draft) -> None:
    """Warn of windows of too many tiles.

    For each line of declarations the longest one is named.
    """
    cap = draft.config.max_tiles_per_request
    above: dict[CallSite, list[tuple[int, FeatureSpec, TileSize]]] = {}
    for feature, sized in zip(draft.features, draft.sized, strict=True):
        if feature.window_ms is None:
            continue
        if (tiles := tiles_read(feature.window_ms, sized.levels_ms)) > cap:
            above.setdefault(feature.aggregation.site, []).append((tiles, feature, sized))
    for site, of_line in above.items():
        tiles, feature, sized = max(of_line, key=itemgetter(0))
        sizes = " and ".join(map(format_duration, sized.levels_ms))
        what = (
            f"{feature.name} reads {tiles:,} tiles of {sizes} a request, more than "
            f"tiling.max_tiles_per_request = {cap:,}.{_more(len(of_line) - 1)}"
        )
        draft.report("TW041", site, f"{what} Use a larger tile_size.")


def _more(others: int) -> str:
    return f" {others} more features here are above it too." if others else ""


def _ladder(draft: Draft) -> list[int]:
    """Collect all levels, coarsest first, and check their division."""
    sizes = {sized.edge_ms for sized in draft.sized if sized.edge_ms is not None}
    if (
        any(feature.window_ms is None for feature in draft.features)
        and max(sizes, default=0) < DAY_MS
    ):
        sizes.add(DAY_MS)
    ladder = sorted(sizes, reverse=True)
    wished: set[int] = set()
    for coarse_ms, fine_ms in pairwise(ladder):
        if coarse_ms % fine_ms:
            size_ms, site = _who_chose(draft, fine_ms, coarse_ms)
            # One wrong size may fit neither its larger nor its smaller neighbour.
            if size_ms not in wished:
                wished.add(size_ms)
                fine, coarse = format_duration(fine_ms), format_duration(coarse_ms)
                advice = fitting(size_ms, [other for other in ladder if other != size_ms])
                what = (
                    f"tile size {fine} does not divide {coarse}: each tile size must divide the "
                    "next larger one."
                )
                draft.report("TW012", site, f"{what} {advice}")
    return ladder


def _who_chose(draft: Draft, fine_ms: int, coarse_ms: int) -> tuple[int, CallSite]:
    """Find which size to change, and the author's line.

    A size that an aggregation asked for comes before one that a rule gave.
    """
    pairs = list(zip(draft.features, draft.sized, strict=True))
    for size_ms in (fine_ms, coarse_ms):
        for feature, sized in pairs:
            if sized.edge_ms == size_ms and feature.aggregation.tile_size is not None:
                return size_ms, feature.aggregation.site
    return fine_ms, draft.group_by.site


def fitting(size_ms: int, others: list[int]) -> str:
    """Suggest the nearest sizes that fit all others.

    >>> fitting(420_000, [3_600_000])
    'Use 5m, 6m or 10m.'
    """
    below: list[int] = []
    above: list[int] = []
    for candidate_ms in sorted(_candidates(size_ms, others)):
        if _fits_all(candidate_ms, others):
            if candidate_ms < size_ms:
                below.append(candidate_ms)
            elif candidate_ms > size_ms:
                above.append(candidate_ms)
    names = [format_duration(fitting_ms) for fitting_ms in (*below[-2:], *above[:1])]
    if not names:
        return "Leave it out."
    *first, last = names
    return f"Use {', '.join(first)} or {last}." if first else f"Use {last}."


def _fits_all(size_ms: int, others: list[int]) -> bool:
    """Tell whether a size fits each other size.

    Of two that fit, one divides the other.
    """
    return all(max(size_ms, other) % min(size_ms, other) == 0 for other in others)


def _candidates(size_ms: int, others: list[int]) -> set[int]:
    """Collect round sizes nearby, and fractions of the others.

    The units are the two largest that are no longer than the size.
    """
    units = [unit for unit in (DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS) if unit <= size_ms]
    candidates: set[int] = set()
    for unit in units[:2]:
        candidates.update(range(unit, 61 * unit, unit))
    for other in others:
        for count in range(1, 101):
            # A whole number of the largest unit that goes into `other` count times.
            if other % (count * units[0]) == 0:
                candidates.add(other // count)
    return candidates


def _ttl_ms(draft: Draft, size_ms: int, coarser_ms: int) -> int | None:
    """Compute how long a tile is needed.

    It is asked for by the longest window of its level, and as the head of a coarser tile.
    """
    longest_ms = coarser_ms
    for feature, sized in zip(draft.features, draft.sized, strict=True):
        if size_ms in sized.levels_ms:
            if feature.window_ms is None:
                return None
            longest_ms = max(longest_ms, feature.window_ms)
    needed_ms = longest_ms + size_ms + draft.config.flink.allowed_lateness
    return ceil(draft.config.kv_store.ttl_multiplier * needed_ms)
