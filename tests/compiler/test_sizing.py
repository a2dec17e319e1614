"""Tile sizes: the rule that wins, and ladders whose levels divide each other."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tilewright
from support.cases import CASES
from tilewright import Aggregation, EventSource, GroupBy, Operation, Query
from tilewright.windows import duration_ms
from tilewright_compiler.compile import compile_group_by, compile_paths
from tilewright_compiler.draft import Draft
from tilewright_compiler.expressions.binder import Binder
from tilewright_compiler.frontend.config import Config, EntityStats, Flink, KvStore
from tilewright_compiler.frontend.diagnostics import CompileError
from tilewright_compiler.passes.choose_tile_sizes import choose_tile_sizes, fitting
from tilewright_compiler.passes.expand_features import expand_features
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.sizing.covers import RUN_TILES, cover_levels, tiles_at_most, tiles_read
from tilewright_compiler.sizing.policies import HIERARCHY, by_config, recommend

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
EVENTS = EventSource(
    schema={"user": "string", "x": "double", "ts": "timestamp"}, query=Query(time_column="ts")
)


def _plan(
    *windows: str,
    own: str | None = None,
    group: str | None = None,
    config: Config | None = None,
    lifetime: bool = False,
) -> Plan:
    aggregations = [
        Aggregation(
            input_column="x", operation=Operation.SUM, windows=[w], tile_size=own, name=f"f{i}"
        )
        for i, w in enumerate(windows)
    ]
    if lifetime:
        aggregations.append(Aggregation(input_column="x", operation=Operation.COUNT))
    group_by = GroupBy(
        sources=[EVENTS],
        keys=["user"],
        tiling_enabled=True,
        aggregations=aggregations,
        tile_size=group,
    )
    return compile_group_by(group_by, config=config)


@pytest.mark.parametrize(
    ("window", "size_ms"),
    [
        *(
            ("1m", MINUTE),
            ("15m", MINUTE),
            ("901s", 5 * MINUTE),
            ("1h", 5 * MINUTE),
            ("61m", 15 * MINUTE),
            ("6h", 15 * MINUTE),
        ),
        *(
            ("361m", HOUR),
            ("12h", HOUR),
            ("1d", HOUR),
            ("25h", 6 * HOUR),
            ("7d", 6 * HOUR),
            ("169h", DAY),
            ("30d", DAY),
            ("365d", DAY),
        ),
    ],
)
def test_the_hierarchy(window: str, size_ms: int) -> None:
    """Each window has the tile of its step, whose upper end belongs to it."""
    (feature,) = _plan(window).features
    assert (feature.edge_ms, feature.levels_ms) == (size_ms, [size_ms])
    assert feature.rule.startswith("hierarchical: window ")


def test_which_rule_wins() -> None:
    """The aggregation's own size goes before the GroupBy's, that before the configuration's, that
    before the strategy.
    """
    config = Config.model_validate({"tile_size": "20m"})
    rules = [
        _plan("6h", own="5m", group="10m", config=config),
        _plan("6h", group="10m", config=config),
        _plan("6h", config=config),
        _plan("6h"),
    ]
    assert [(plan.features[0].edge_ms, plan.features[0].rule) for plan in rules] == [
        (5 * MINUTE, "aggregation tile_size"),
        (10 * MINUTE, "group_by tile_size"),
        (20 * MINUTE, "config tile_size"),
        (15 * MINUTE, "hierarchical: window <= 6h"),
    ]


@pytest.mark.parametrize(
    ("window", "size", "rule"),
    [
        ("10m", "1m", "hierarchical_map: window <= 1h"),
        ("1h", "1m", "hierarchical_map: window <= 1h"),
        ("12h", "1h", "hierarchical_map: window <= 24h"),
        ("30d", "1d", "hierarchical_map: window <= 30d"),
        ("31d", "1d", "hierarchical: window > 7d (longer than all of hierarchical_map)"),
    ],
)
def test_the_specifications_second_table(window: str, size: str, rule: str) -> None:
    """A window that the map lacks takes the entry of the smallest listed one that is not shorter,
    else the hierarchy's.
    """
    (feature,) = _plan(window, config=Config(sizing_strategy="hierarchical_map")).features
    assert (feature.edge_ms, feature.rule) == (duration_ms(size), rule)


@pytest.mark.parametrize(
    ("window", "size", "rule"),
    [
        ("1h", "1m", "config tile_sizes: window <= 1h"),
        ("12h", "15m", "config tile_sizes: window <= 1d"),
        ("25h", "6h", "hierarchical: window <= 7d (longer than all of config tile_sizes)"),
    ],
)
def test_the_configurations_map(window: str, size: str, rule: str) -> None:
    """The map wins over the strategy and says so, its entries count by length and not by place, and
    its gaps are filled the same way.
    """
    stats = EntityStats(events_per_hour=50_000)
    config = Config(
        sizing_strategy="adaptive", entity_stats=stats, tile_sizes={"1d": "15m", "1h": "1m"}
    )
    (feature,) = _plan(window, config=config).features
    assert feature.edge_ms == duration_ms(size)
    assert feature.rule == f"{rule}, not sizing_strategy adaptive"


@pytest.mark.parametrize(
    ("events_per_hour", "size"),
    [
        (0, "1h"),
        (99.9, "1h"),
        (100, "15m"),
        (999, "15m"),
        (1_000, "5m"),
        (9_999, "5m"),
        (10_000, "1m"),
    ],
)
def test_adaptive_sizes(events_per_hour: float, size: str) -> None:
    """The busier an entity, the finer its tiles; each bound belongs to the busier side, and the
    plan names it.
    """
    (feature,) = _plan("12h", config=_adaptive(events_per_hour)).features
    assert feature.edge_ms == duration_ms(size)
    assert feature.rule.startswith("adaptive: events per hour ")


@pytest.mark.parametrize(
    ("window", "events_per_hour", "size", "rule"),
    [
        (
            "30d",
            20_000,
            "1h",
            "adaptive: events per hour >= 10,000, made coarser for at most 1,000 tiles per request",
        ),
        ("15m", 10, "15m", "adaptive: events per hour < 100, made finer to fit the window"),
        ("40s", 10, "15s", "adaptive: events per hour < 100, made finer to fit the window"),
        (
            "100d",
            10,
            "6h",
            "adaptive: events per hour < 100, made coarser for at most 1,000 tiles per request",
        ),
        (
            "5000d",
            10,
            "8d",
            "adaptive: events per hour < 100, made coarser for at most 1,000 tiles per request",
        ),
    ],
)
def test_adaptive_sizes_are_clamped(
    window: str, events_per_hour: float, size: str, rule: str
) -> None:
    """A tile fits its window, and a request stays below the cap."""
    (feature,) = _plan(window, config=_adaptive(events_per_hour)).features
    assert (feature.edge_ms, feature.rule) == (duration_ms(size), rule)


def test_a_tile_as_long_as_its_window_was_not_made_finer() -> None:
    """The clamp is named only where it moved a size."""
    assert by_config(HOUR, _adaptive(10)).rule == "adaptive: events per hour < 100"


@pytest.mark.parametrize(
    ("window", "cap", "size"),
    [
        ("59m", 60, "1m"),  # 59 + 1 tiles are what the cap allows
        ("60m", 60, "5m"),
        ("1h", 2, "1h"),  # the window itself is the only tile that the cap allows
        ("16d", 5, "4d"),
        ("70d", 5, "32d"),
        ("90m", 1, "1h"),  # nothing is affordable: the coarsest that fits
        ("90s", 1, "1m"),  # nothing coarser fits
    ],
)
def test_the_finest_affordable_size(window: str, cap: int, size: str) -> None:
    """A busy entity gets the finest tile of which the cap allows a window, and the coarsest that
    fits where it allows none.
    """
    config = Config(
        sizing_strategy="adaptive",
        entity_stats=EntityStats(events_per_hour=50_000),
        max_tiles_per_request=cap,
    )
    assert by_config(duration_ms(window), config).size_ms == duration_ms(size)


def test_a_window_touches_one_more_tile_than_it_has() -> None:
    """Two hours at the worst alignment touch three hours."""
    assert (tiles_at_most(2 * HOUR, HOUR), tiles_at_most(2 * HOUR + 1, HOUR)) == (3, 4)


@given(st.integers(1, 36_500 * 86_400), st.floats(0, 1e6), st.integers(10, 5_000))
def test_no_adaptive_size_breaks_its_clamps(seconds: int, events_per_hour: float, cap: int) -> None:
    """Whatever the window, the rate and the cap: the tile is not longer than the window, and the
    cap is kept.
    """
    config = Config(
        sizing_strategy="adaptive",
        entity_stats=EntityStats(events_per_hour=events_per_hour),
        max_tiles_per_request=cap,
    )
    size_ms, _ = by_config(seconds * 1000, config)
    assert size_ms <= seconds * 1000
    assert ceil(seconds * 1000 / size_ms) + 1 <= cap


def test_windows_of_all_adaptive_sizes_fit_together() -> None:
    """What the clamps move to divides what the strategy gives."""
    for rate in (10, 500, 5_000, 50_000):
        plan = _plan("20s", "10m", "1h", "12h", "60d", "1000d", config=_adaptive(rate))
        sizes = [level.size_ms for level in plan.levels]
        assert all(coarse % fine == 0 for coarse, fine in pairwise(sizes))


def test_adaptive_without_figures_says_what_it_does() -> None:
    """Without entity_stats the hierarchy is used, and a warning and the rule say so."""
    (feature,) = _plan("12h", config=Config(sizing_strategy="adaptive")).features
    assert (feature.edge_ms, feature.rule) == (
        HOUR,
        "hierarchical: window <= 1d (adaptive without entity_stats)",
    )
    draft = compile_paths([CASES / "quick_start.py"], Config(sizing_strategy="adaptive"))
    (warning,) = draft.diagnostics
    assert (warning.code, warning.message) == (
        "TW042",
        "the sizing strategy adaptive knows nothing of the entities without tiling.entity_stats, "
        "so the hierarchy is used. "
        "Measure them with: tilewright stats PLAN FILE.",
    )


def test_a_group_by_has_entity_stats_of_its_own() -> None:
    """They come before the configuration's: 1,500 events an hour give 5m, and not 1h."""
    of_config = Config.model_validate(
        {"sizing_strategy": "adaptive", "entity_stats": {"events_per_hour": 5}}
    )
    source = EventSource(schema={"k": "string", "ts": "bigint"}, query=Query(time_column="ts"))
    count = Aggregation(input_column="k", operation=Operation.COUNT, windows=["12h"])
    group_by = GroupBy(
        sources=[source],
        keys=["k"],
        aggregations=[count],
        tiling_enabled=True,
        entity_stats=tilewright.EntityStats(events_per_hour=1_500),
    )
    plan = compile_group_by(group_by, config=of_config)
    assert plan.features[0].edge_ms == 5 * 60_000
    assert plan.cost.recommendations[0].events_per_tile == 125


def test_wrong_entity_stats_are_a_mistake_of_their_line() -> None:
    """A declaration that is wrong is reported, as any other."""
    (problem,) = tilewright.EntityStats(events_per_hour=-1).problems
    assert problem.message == (
        "EntityStats(events_per_hour=-1): input should be greater than or equal to 0."
    )


def test_the_fixed_strategy() -> None:
    """One size for every window; one that is longer than its window is an error."""
    config = Config(sizing_strategy="fixed", tile_size="20m")  # type: ignore[arg-type]
    assert [(f.edge_ms, f.rule) for f in _plan("6h", "1d", config=config).features] == [
        (20 * MINUTE, "config tile_size")
    ] * 2
    with pytest.raises(
        CompileError,
        match=r"TW013 a tile of 20m \(config tile_size\) is longer than the window 15m of f0_15m",
    ):
        _plan("15m", config=config)


@pytest.mark.parametrize(
    ("window", "size", "cap", "tiling"),
    [
        ("4h", "5m", 1000, "STANDARD_TILING"),
        ("4h", "1m", 1000, "NO_TILING"),
        ("4d", "5m", 1000, "HIERARCHICAL_TILING"),
        ("5000m", "5m", 1000, "STANDARD_TILING"),
        ("4h", "5m", 47, "HIERARCHICAL_TILING"),
    ],
)
def test_what_tiling_is_worth(window: str, size: str, cap: int, tiling: str) -> None:
    """Fewer than ten events a tile are not worth one, and more than the cap of tiles a window want
    levels (`recommend_tiling`).
    """
    found = recommend(duration_ms(window), duration_ms(size), EntityStats(events_per_hour=120), cap)
    assert found.tiling == tiling
    assert found.events_per_tile == 120 * duration_ms(size) / HOUR
    assert found.tiles_per_window == duration_ms(window) / duration_ms(size)


@pytest.mark.parametrize(
    ("window", "ladder", "levels"),
    [
        ("12h", ["6h", "1h"], ["1h"]),  # 13 + 8 against 10 + 3 * 8
        ("7d", ["6h", "1h"], ["6h", "1h"]),  # 169 + 8 against 29 + 7 + 3 * 8
        ("7d", ["1d", "6h", "1h"], ["1d", "1h"]),  # 8 + 25 against those 36, and 43 with all three
        ("30d", ["1d", "1h", "5m"], ["1d", "1h", "5m"]),
        ("30d", ["60d", "1h"], ["1h"]),
        ("4h", ["5m"], ["5m"]),
        ("24h", ["6h", "1h"], ["1h"]),  # 25 + 8 against 5 + 7 + 3 * 8
        ("30h", ["6h", "1h"], ["6h", "1h"]),  # 31 + 8 against 6 + 7 + 3 * 8
        ("29h", ["6h", "1h"], ["1h"]),  # 30 + 8 against 6 + 12 + 3 * 8
        ("28h", ["4h", "1h"], ["1h"]),  # 29 + 8 against 8 + 5 + 3 * 8: of equals the fewer levels
    ],
)
def test_which_levels_a_cover_uses(window: str, ladder: list[str], levels: list[str]) -> None:
    """Coarser tiles fill the middle where they save more reads than their runs cost."""
    assert cover_levels(duration_ms(window), tuple(map(duration_ms, ladder))) == tuple(
        map(duration_ms, levels)
    )


@pytest.mark.parametrize(
    ("window", "levels", "tiles"),
    [
        ("2h", ["1h"], 3),
        ("7d", ["6h", "1h"], 29 + 7),
        ("29h", ["6h", "1h"], 6 + 12),
        ("3d", ["1d", "6h", "1h"], 4 + 5 + 7),
    ],
)
def test_how_many_tiles_a_cover_reads(window: str, levels: list[str], tiles: int) -> None:
    """One more than the window has of the coarsest level, and of each finer one what both of its
    pieces may hold.
    """
    assert tiles_read(duration_ms(window), list(map(duration_ms, levels))) == tiles


@given(st.integers(1, 3000), st.lists(st.sampled_from([2, 3, 4, 6]), max_size=4))
def test_coarser_levels_never_read_more(length: int, ratios: list[int]) -> None:
    """What is chosen costs at most what the edge level alone does, and ends with it."""
    ladder = [MINUTE]
    for ratio in ratios:
        ladder.insert(0, ladder[0] * ratio)
    levels = cover_levels(length * MINUTE, tuple(ladder))
    assert levels[-1] == MINUTE
    assert tiles_read(length * MINUTE, levels) + RUN_TILES * 2 * (len(levels) - 1) <= tiles_read(
        length * MINUTE, [MINUTE]
    )


def test_the_plan_names_the_levels_of_a_cover() -> None:
    """A window keeps its edge level, and all levels of its cover live as long as it."""
    config = Config.model_validate({"tile_sizes": {"7d": "1h", "30d": "6h"}})
    plan = _plan("7d", "30d", config=config)
    assert [feature.levels_ms for feature in plan.features] == [[6 * HOUR, HOUR], [6 * HOUR]]
    assert plan.features[0].edge_ms == HOUR


def _adaptive(events_per_hour: float) -> Config:
    return Config(
        sizing_strategy="adaptive", entity_stats=EntityStats(events_per_hour=events_per_hour)
    )


def test_serving_config_says_the_same_as_the_arguments() -> None:
    """The specification's dictionary is another way to write tiling_enabled and tile_size."""
    total = Aggregation(input_column="x", operation=Operation.SUM, windows=["12h"])
    said = GroupBy(
        sources=[EVENTS],
        keys=["user"],
        aggregations=[total],
        serving_config={"tiling_enabled": True, "tile_size": "1h"},
    )
    plan = compile_group_by(said)
    assert plan.levels[0].size_ms == HOUR
    assert plan.features[0].rule == "group_by tile_size"


@pytest.mark.parametrize(
    ("said", "config", "problem"),
    [
        ({"tile_size": "1h"}, {"tile_size": "2h"}, "tile_size is '1h', and in serving_config '2h'"),
        (
            {"tiling_enabled": True},
            {"tiling_enabled": False},
            "tiling_enabled is True, and in serving_config False",
        ),
    ],
)
def test_serving_config_must_not_say_another_thing(
    said: dict[str, Any], config: dict[str, Any], problem: str
) -> None:
    """What is said twice must be said the same, since neither would be the one that surely
    counts.
    """
    total = Aggregation(input_column="x", operation=Operation.SUM, windows=["12h"])
    with pytest.raises(CompileError, match=problem):
        compile_group_by(
            GroupBy(
                sources=[EVENTS], keys=["user"], aggregations=[total], serving_config=config, **said
            )
        )
    compile_group_by(
        GroupBy(
            sources=[EVENTS],
            keys=["user"],
            aggregations=[total],
            serving_config=said | {"tiling_enabled": True},
            **said,
        )
    )


@given(st.lists(st.integers(60, 90 * 86_400), min_size=1, max_size=6, unique=True), st.booleans())
def test_a_ladder_divides_and_fits(windows: list[int], lifetime: bool) -> None:
    """Levels come coarsest first, each divides the one before, and no edge tile is longer than its
    window.
    """
    plan = _plan(*(f"{seconds}s" for seconds in windows), lifetime=lifetime)
    sizes = [level.size_ms for level in plan.levels]
    assert sizes == sorted(set(sizes), reverse=True)
    assert all(coarse % fine == 0 for coarse, fine in pairwise(sizes))
    for feature in plan.features:
        if feature.window_ms is not None:
            assert feature.edge_ms is not None
            assert feature.edge_ms in sizes and feature.edge_ms <= feature.window_ms
            assert feature.max_edge_error == feature.edge_ms / feature.window_ms
        else:
            assert (feature.levels_ms, feature.edge_ms, feature.max_edge_error) == (
                [sizes[0]],
                None,
                0.0,
            )


@given(
    st.lists(st.integers(60, 90 * 86_400), min_size=1, max_size=6, unique=True),
    st.integers(0, 7200),
    st.sampled_from([1.0, 1.5, 3.0]),
)
def test_tiles_outlive_their_windows(windows: list[int], lateness: int, multiplier: float) -> None:
    """A tile is kept as long as a window of its level or the head of a coarser tile may ask for it,
    and late events change it (W9).
    """
    config = Config(
        flink=Flink(allowed_lateness=lateness * 1000), kv_store=KvStore(ttl_multiplier=multiplier)
    )
    plan = _plan(*(f"{seconds}s" for seconds in windows), config=config)
    coarser_ms = 0
    for level in plan.levels:
        longest_ms = max(
            coarser_ms, *(f.window_ms or 0 for f in plan.features if level.size_ms in f.levels_ms)
        )
        assert level.ttl_ms == ceil(multiplier * (longest_ms + level.size_ms + lateness * 1000))
        coarser_ms = level.size_ms


def test_a_lifetime_reads_days_that_are_kept_for_ever() -> None:
    """A lifetime adds a level of a day where there is none as coarse, and its tiles have no time to
    live.
    """
    plan = _plan("1h", lifetime=True)
    assert [(level.size_ms, level.ttl_ms is None) for level in plan.levels] == [
        (DAY, True),
        (5 * MINUTE, False),
    ]
    assert plan.cost.stored_bytes_per_entity is None


def test_a_lifetime_uses_the_coarsest_level_that_there_is() -> None:
    """A lifetime beside a level of two days needs no level of its own."""
    plan = _plan("30d", group="2d", lifetime=True)
    assert [level.size_ms for level in plan.levels] == [2 * DAY]


@given(
    st.integers(1, 400),
    st.sampled_from([60, 3600, 86_400]),
    st.lists(st.sampled_from([s for _, s in HIERARCHY]), min_size=1, max_size=3, unique=True),
)
def test_advised_sizes_fit(count: int, unit: int, others: list[int]) -> None:
    """Every size that a diagnostic advises divides the larger levels and is divided by the smaller
    ones.
    """
    advice = fitting(count * unit * 1000, others)
    if advice != "Leave it out.":
        for name in advice.removeprefix("Use ").removesuffix(".").replace(" or ", ", ").split(", "):
            assert all(
                max(duration_ms(name), other) % min(duration_ms(name), other) == 0
                for other in others
            )


def test_the_advice_of_the_style_guide() -> None:
    """Seven minutes below an hour are answered with the three nearest sizes that divide it."""
    with pytest.raises(
        CompileError, match=r"TW012 tile size 7m does not divide 1h: .* Use 5m, 6m or 10m\."
    ):
        compile_group_by(
            GroupBy(
                sources=[EVENTS],
                keys=["user"],
                tiling_enabled=True,
                aggregations=[
                    Aggregation(
                        input_column="x", operation=Operation.SUM, windows=["2h"], tile_size="7m"
                    ),
                    Aggregation(input_column="x", operation=Operation.SUM, windows=["1d"]),
                ],
            )
        )


@pytest.mark.parametrize(
    ("windows", "typical"), [(["4h"], 17), (["1h"], 13), (["1h", "4h"], 30), (["10d"], 11)]
)
def test_tiles_of_a_request(windows: list[str], typical: int) -> None:
    """An unaligned window W over tiles T reads W/T + 1 of them, and a level is read once."""
    assert _plan(*windows).cost.typical.tiles == typical


def test_finer_levels_are_read_back_to_the_newest_coarse_tile() -> None:
    """A newest tile that holds later events is replaced by the next finer ones, so these are read
    whichever it is.

    #  6h   |             |             |
    #  5m                 |.............|      half of the 72 typically, all at the worst
    """
    cost = _plan("1h", "7d").cost
    assert (cost.typical.tiles, cost.worst.tiles) == (29 + 37, 29 + 72)
    assert _plan("1h", "12h").cost.worst.tiles == 13 + 13
    assert cost.typical.round_trips == 1


def test_a_cover_of_two_levels_costs_its_middle_and_its_ends() -> None:
    """Eight days over 6h tiles are 33. Hours are read at the head of seven days and at their old
    end: seven together, as both end at one time of day.

    #  6h     |             |      …      |             |
    #  1h               |.|.|             |.|.|.|.|
    #  7d               [---------- … ------------T
    """
    plan = _plan("7d", "8d", config=Config.model_validate({"tile_sizes": {"7d": "1h", "8d": "6h"}}))
    assert (plan.cost.typical.tiles, plan.cost.worst.tiles) == (33 + 7, 33 + 7)


def _problems(group_by: GroupBy, config: Config | None = None) -> list[str]:
    with pytest.raises(CompileError) as caught:
        compile_group_by(group_by, config=config)
    return [
        f"{problem.line} {problem.code} {problem.message}"
        for problem in caught.value.diagnostics
        if problem.severity == "error"
    ]


def test_a_lifetime_may_have_days_of_its_own() -> None:
    """A tile size of a day or more is taken, and is the lifetime's only level."""
    lifetime = Aggregation(input_column="x", operation=Operation.COUNT, tile_size="1d")
    plan = compile_group_by(
        GroupBy(sources=[EVENTS], keys=["user"], tiling_enabled=True, aggregations=[lifetime])
    )
    assert [feature.levels_ms for feature in plan.features] == [[DAY]]


def test_lifetimes_alone_have_tiles_of_a_day() -> None:
    """Without any window the only level is a day."""
    plan = compile_group_by(
        GroupBy(
            sources=[EVENTS],
            keys=["user"],
            tiling_enabled=True,
            aggregations=[Aggregation(input_column="x", operation=Operation.COUNT)],
        )
    )
    assert [level.size_ms for level in plan.levels] == [DAY]


def test_the_size_that_was_wished_for_is_to_be_changed() -> None:
    """Where an author's size and a rule's do not fit, the author's line is named; and once, though
    it fits neither neighbour.
    """
    wished = Aggregation(
        input_column="x", operation=Operation.SUM, windows=["2d"], tile_size="90m", name="wished"
    )
    ruled = Aggregation(
        input_column="x", operation=Operation.SUM, windows=["12h", "20d"], name="ruled"
    )
    tiled = GroupBy(
        sources=[EVENTS], keys=["user"], tiling_enabled=True, aggregations=[ruled, wished]
    )
    assert _problems(tiled) == [
        f"{wished.site.line} TW012 tile size 1h does not divide 90m: each tile size must divide "
        "the next larger one. Use 30m, 1h or 2h."
    ]
    odd = Aggregation(
        input_column="x", operation=Operation.SUM, windows=["2d"], tile_size="7h", name="odd"
    )
    both = GroupBy(sources=[EVENTS], keys=["user"], tiling_enabled=True, aggregations=[ruled, odd])
    assert [problem.split()[:2] for problem in _problems(both)] == [[str(odd.site.line), "TW012"]]


@pytest.mark.parametrize(
    ("size_ms", "others", "advice"),
    [
        (90 * DAY, [1000 * DAY], "Use 40d, 50d or 100d."),
        (DAY, [DAY + 1000], "Leave it out."),
        (7000, [60_000], "Use 5s, 6s or 10s."),
    ],
)
def test_the_advice_where_a_size_does_not_fit(size_ms: int, others: list[int], advice: str) -> None:
    """Round sizes and parts of the others that are near, or none."""
    assert fitting(size_ms, others) == advice


@pytest.mark.parametrize(("window", "size", "finer"), [("1h", "15m", "5m"), ("100s", "10s", "8s")])
def test_the_warning_of_a_coarse_edge_names_the_coarsest_good_size(
    window: str, size: str, finer: str
) -> None:
    """The advice keeps the budget of a twelfth, in whole seconds."""
    aggregation = Aggregation(
        input_column="x", operation=Operation.SUM, windows=[window], tile_size=size
    )
    draft = Draft(
        GroupBy(sources=[EVENTS], keys=["user"], tiling_enabled=True, aggregations=[aggregation]),
        "things",
        Config(),
        Binder(),
    )
    expand_features(draft)
    choose_tile_sizes(draft)
    assert [problem.message.rpartition(". ")[2] for problem in draft.diagnostics] == [
        f"Use a tile_size of at most {finer}."
    ]


@pytest.mark.parametrize(("cap", "codes"), [(13, []), (12, ["TW041"])])
def test_many_tiles_are_warned_of(cap: int, codes: list[str]) -> None:
    """As many tiles as the cap are allowed, one more is worth a warning."""
    aggregation = Aggregation(
        input_column="x", operation=Operation.SUM, windows=["12h"], tile_size="1h"
    )
    tiled = GroupBy(
        sources=[EVENTS], keys=["user"], tiling_enabled=True, aggregations=[aggregation]
    )
    draft = Draft(tiled, "things", Config(max_tiles_per_request=cap), Binder())
    expand_features(draft)
    choose_tile_sizes(draft)
    assert [problem.code for problem in draft.diagnostics] == codes


def test_one_warning_names_the_longest_window() -> None:
    """It counts the others of the same line."""
    aggregation = Aggregation(
        input_column="x", operation=Operation.SUM, windows=["12h", "2d", "1d"], tile_size="1h"
    )
    tiled = GroupBy(
        sources=[EVENTS], keys=["user"], tiling_enabled=True, aggregations=[aggregation]
    )
    draft = Draft(tiled, "things", Config(max_tiles_per_request=12), Binder())
    expand_features(draft)
    choose_tile_sizes(draft)
    (warning,) = [problem for problem in draft.diagnostics if problem.code == "TW041"]
    assert warning.message.startswith("x_sum_2d reads 49 tiles of 1h a request")
    assert "2 more features here are above it too." in warning.message


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ({"max_edge_error": 0.01}, "x_sum_12h: the oldest tile (1h) is 8% of the window 12h"),
        ({"max_tiles_per_request": 2}, "x_sum_12h reads 13 tiles of 1h a request"),
    ],
)
def test_many_features_of_a_line_are_warned_of_once(limit: Any, told: str) -> None:
    """The worst is named, and the others are counted, also if a loop declares them."""
    aggregations = [
        Aggregation(input_column="x", operation=operation, windows=["12h"], tile_size="1h")
        for operation in (Operation.SUM, Operation.MIN, Operation.MAX)
    ]
    tiled = GroupBy(sources=[EVENTS], keys=["user"], tiling_enabled=True, aggregations=aggregations)
    draft = Draft(tiled, "things", Config(**limit), Binder())
    expand_features(draft)
    choose_tile_sizes(draft)
    (problem,) = draft.diagnostics
    assert problem.message.startswith(told)
    assert "2 more features here are above it too." in problem.message
