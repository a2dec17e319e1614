"""Tile sizes: the rule that wins, and ladders whose levels divide each other."""

from __future__ import annotations

from itertools import pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.config import Config, Flink, KvStore
from tilewright_compiler.diagnostics import CompileError
from tilewright_compiler.passes.choose_tile_sizes import HIERARCHY, fitting
from tilewright_compiler.plan import Plan

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
EVENTS = EventSource(schema={"user": "string", "x": "double", "ts": "timestamp"}, query=Query(time_column="ts"))


def _plan(*windows: str, own: str | None = None, group: str | None = None, config: Config | None = None, lifetime: bool = False) -> Plan:
    aggregations = [
        Aggregation(input_column="x", operation=Operation.SUM, windows=[w], tile_size=own, name=f"f{i}") for i, w in enumerate(windows)
    ]
    if lifetime:
        aggregations.append(Aggregation(input_column="x", operation=Operation.COUNT))
    group_by = GroupBy(sources=[EVENTS], keys=["user"], tiling_enabled=True, aggregations=aggregations, tile_size=group)
    return compile_group_by(group_by, config=config)


@pytest.mark.parametrize(
    ("window", "size_ms"),
    [
        *(("1m", MINUTE), ("15m", MINUTE), ("901s", 5 * MINUTE), ("1h", 5 * MINUTE), ("61m", 15 * MINUTE), ("6h", 15 * MINUTE)),
        *(("361m", HOUR), ("12h", HOUR), ("1d", HOUR), ("25h", 6 * HOUR), ("7d", 6 * HOUR), ("169h", DAY), ("30d", DAY), ("365d", DAY)),
    ],
)
def test_the_hierarchy(window: str, size_ms: int) -> None:
    """Each window has the tile of its step, whose upper end belongs to it."""
    (feature,) = _plan(window).features
    assert (feature.edge_ms, feature.levels_ms) == (size_ms, [size_ms])
    assert feature.rule.startswith("hierarchical: window ")


def test_which_rule_wins() -> None:
    """The aggregation's own size goes before the GroupBy's, that before the configuration's, that before the strategy."""
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


def test_serving_config_says_the_same_as_the_arguments() -> None:
    """The specification's dictionary is another way to write tiling_enabled and tile_size."""
    total = Aggregation(input_column="x", operation=Operation.SUM, windows=["12h"])
    said = GroupBy(sources=[EVENTS], keys=["user"], aggregations=[total], serving_config={"tiling_enabled": True, "tile_size": "1h"})
    plan = compile_group_by(said)
    assert plan.levels[0].size_ms == HOUR
    assert plan.features[0].rule == "group_by tile_size"


@given(st.lists(st.integers(60, 90 * 86_400), min_size=1, max_size=6, unique=True), st.booleans())
def test_a_ladder_divides_and_fits(windows: list[int], lifetime: bool) -> None:
    """Levels come coarsest first, each divides the one before, and no edge tile is longer than its window (errata S5)."""
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
            assert (feature.levels_ms, feature.edge_ms, feature.max_edge_error) == ([sizes[0]], None, 0.0)


@given(st.lists(st.integers(60, 90 * 86_400), min_size=1, max_size=6, unique=True), st.integers(0, 7200), st.sampled_from([1.0, 1.5, 3.0]))
def test_tiles_outlive_their_windows(windows: list[int], lateness: int, multiplier: float) -> None:
    """A tile is kept as long as any window of its level may ask for it or a late event may change it (errata W9)."""
    config = Config(flink=Flink(allowed_lateness=lateness * 1000), kv_store=KvStore(ttl_multiplier=multiplier))
    plan = _plan(*(f"{seconds}s" for seconds in windows), config=config)
    for level in plan.levels:
        longest_ms = max(f.window_ms or 0 for f in plan.features if level.size_ms in f.levels_ms)
        assert level.ttl_ms == ceil(multiplier * (longest_ms + level.size_ms + lateness * 1000))


def test_a_lifetime_reads_days_that_are_kept_for_ever() -> None:
    """A lifetime adds a level of a day where there is none as coarse, and its tiles have no time to live."""
    plan = _plan("1h", lifetime=True)
    assert [(level.size_ms, level.ttl_ms is None) for level in plan.levels] == [(DAY, True), (5 * MINUTE, False)]
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
    """Every size that a diagnostic advises divides the larger levels and is divided by the smaller ones."""
    from tilewright.windows import duration_ms

    advice = fitting(count * unit * 1000, others)
    if advice != "Leave it out.":
        for name in advice.removeprefix("Use ").removesuffix(".").replace(" or ", ", ").split(", "):
            assert all(max(duration_ms(name), other) % min(duration_ms(name), other) == 0 for other in others)


def test_the_advice_of_the_style_guide() -> None:
    """Seven minutes below an hour are answered with the three nearest sizes that divide it."""
    with pytest.raises(CompileError, match=r"TW012 tile size 7m does not divide 1h: .* Use 5m, 6m or 10m\."):
        compile_group_by(
            GroupBy(
                sources=[EVENTS],
                keys=["user"],
                tiling_enabled=True,
                aggregations=[
                    Aggregation(input_column="x", operation=Operation.SUM, windows=["2h"], tile_size="7m"),
                    Aggregation(input_column="x", operation=Operation.SUM, windows=["1d"]),
                ],
            )
        )


@pytest.mark.parametrize(("windows", "typical"), [(["4h"], 17), (["1h"], 13), (["1h", "4h"], 30), (["10d"], 11)])
def test_tiles_of_a_request(windows: list[str], typical: int) -> None:
    """An unaligned window W over tiles T reads W/T + 1 of them, and a level is read once (errata K7, K8)."""
    assert _plan(*windows).cost.typical.tiles == typical


def test_the_worst_request_reads_finer_tiles_at_its_head() -> None:
    """A head tile that holds later events is covered by the tiles of the next finer levels."""
    cost = _plan("1h", "12h").cost
    assert (cost.typical.tiles, cost.worst.tiles) == (13 + 13, 13 + 13 + 11)
    assert cost.typical.round_trips == 1
