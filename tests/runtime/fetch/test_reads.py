"""What a fetch reads: all that its covers need whichever heads are clean, no tile twice, and no
value changed by coarse tiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.events import to_arrow
from support.examples import few
from support.oracle import disagreement
from support.plans import AT, DAY, HOUR, MINUTE, SECOND, asked, event_source, finest_ms, plan_of
from support.session import Session
from tilewright import Aggregation, GroupBy, Operation
from tilewright.aggregation import Edge
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.frontend.config import Config, EntityStats
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.sizing.covers import tiles_read
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.fetch.context import FetchState
from tilewright_runtime.fetch.fetcher import walk
from tilewright_runtime.fetch.program import Program
from tilewright_runtime.tiles.cover import Segment
from tilewright_runtime.tiles.keys import EVENTS, TILES, Range

LADDER = [DAY, 6 * HOUR, HOUR, 5 * MINUTE]
SCHEMA = {"k": "string", "n": "bigint", "x": "double"}
NUMBERS = [
    Operation.COUNT,
    Operation.SUM,
    Operation.AVERAGE,
    Operation.MIN,
    Operation.MAX,
    Operation.FIRST,
    Operation.LAST,
]
SKETCHES = [Operation.APPROX_PERCENTILE([0.5, 0.9]), Operation.APPROX_UNIQUE_COUNT]

#: Any windows, each with any levels of the ladder, in any edge mode.
windows = st.lists(
    st.tuples(
        st.integers(1, 12).flatmap(
            lambda n: st.sampled_from([n * 5 * MINUTE, n * HOUR, n * 7 * HOUR, n * DAY])
        ),
        st.lists(st.sampled_from(LADDER), min_size=1, unique=True).map(
            lambda sizes: sorted(sizes, reverse=True)
        ),
        st.sampled_from(["sawtooth", "truncate", "prorate", "exact"]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda window: window[0],
)
moments = st.builds(
    lambda size, place, shift: AT // DAY * DAY + size * place + shift,
    st.sampled_from(LADDER),
    st.integers(-3, 3),
    st.sampled_from([-1, 0, 1]),
) | st.integers(AT - 3 * DAY, AT + 3 * DAY)


@cache
def whole() -> Plan:
    """A plan whose ladder is LADDER, with raw events: four windows, numbers, chosen values and
    sketches.
    """
    sized = [("50m", "5m"), ("36h", "1h"), ("7d", "6h"), ("30d", "1d")]
    return plan_of(
        SCHEMA,
        ["k"],
        [
            Aggregation(input_column=column, operation=operation, windows=[window], tile_size=size)
            for window, size in sized
            for column, operations in (("n", NUMBERS), ("x", [*NUMBERS, *SKETCHES]))
            for operation in operations
        ],
        edge="exact",
    )


def with_windows(made: Sequence[tuple[int, list[int], str]]) -> Plan:
    """That plan with other windows and levels, as any compiler may choose them; its tiles are the
    same.
    """
    features = [
        feature.model_copy(
            update={
                "name": f"{feature.name}_{place}",
                "window_ms": max(window, levels[-1])
                if edge in ("prorate", "exact")
                else window,  # as the compiler sees to
                "levels_ms": sorted(
                    {size for size in levels if size <= max(window, levels[-1])} | _finest(edge),
                    reverse=True,
                ),
                "edge_ms": LADDER[-1] if edge == "exact" else levels[-1],
                "edge": edge,
            }
        )
        for place, (window, levels, edge) in enumerate(made)
        for feature in whole().features
        if feature.window_ms == 50 * MINUTE
        and (edge != "prorate" or feature.operation in ("COUNT", "SUM", "AVERAGE"))
    ]
    return whole().model_copy(update={"features": features})


def _finest(edge: str) -> set[int]:
    return {LADDER[-1]} if edge == "exact" else set()


def contains(runs: Sequence[Range], segment: Segment) -> bool:
    """Whether the tiles of a segment are among those of the runs; raw events stand in chunks as
    long as the finest tiles.
    """
    level = (segment.kind, LADDER[-1] if segment.kind == EVENTS else segment.size_ms)
    return any(
        (run.kind, run.size_ms) == level
        and run.start_ms <= segment.start_ms
        and segment.end_ms <= run.end_ms
        for run in runs
    )


@given(windows, moments, st.sampled_from([*LADDER, None]))
def test_every_cover_is_read(
    made: list[tuple[int, list[int], str]], at_ms: int, head_level_ms: int | None
) -> None:
    """Whichever newest tiles hold later events, the runs that were read before that is known hold
    the covers whole.
    """
    program = Program(with_windows(made))
    runs = program.ranges(at_ms)
    for window in program.windows:
        assert all(contains(runs, segment) for segment in window.segments(at_ms, head_level_ms))


def whole_runs(runs: Sequence[Range]) -> list[Range]:
    """Join the runs up to the query time with those that go on from there."""
    joined: list[Range] = []
    for run in runs:
        before = joined[-1] if joined else None
        if before is not None and before[:1] + before[2:4] == (run.size_ms, run.start_ms, run.kind):
            joined[-1] = before._replace(end_ms=run.end_ms)
        else:
            joined.append(run)
    return joined


@given(windows, moments, st.sampled_from([SECOND, 5 * MINUTE, DAY]))
def test_every_live_cover_is_read(
    made: list[tuple[int, list[int], str]], at_ms: int, ahead_ms: int
) -> None:
    """The covers of a live fetch go on to the end of what is read."""
    program = Program(with_windows(made))
    end_ms = at_ms + ahead_ms
    runs = whole_runs(program.ranges(at_ms, end_ms))
    for window in program.windows:
        cover = window.segments(at_ms, LADDER[0], end_ms)
        assert all(contains(runs, segment) for segment in cover)
        assert cover[-1].end_ms >= end_ms


@few(2)
@given(windows, moments, st.integers(1, DAY))
def test_a_live_fetch_counts_everything_from_the_edge_on(
    made: list[tuple[int, list[int], str]], at_ms: int, ahead_ms: int
) -> None:
    """A count is that of all events from the old end of its cover to where reading ends."""
    plan = with_windows([(window, sizes, "sawtooth") for window, sizes, _ in made])
    store, events = tiles()
    fetcher = Fetcher(plan, store)
    state = FetchState({"k": "a"}, at_ms, at_ms + ahead_ms, fetcher.entity({"k": "a"}))
    (answer,) = fetcher.answers([state])
    for group, cover in zip(fetcher.program.groups, state.covers, strict=True):
        within = range(cover[0].start_ms, cover[-1].end_ms)
        counted = sum(event["ts"] in within for event in events)
        for name in group.finalizers:
            if "n_count" in name:
                assert answer.features[name] == counted


@given(windows, moments)
def test_no_tile_is_read_twice(made: list[tuple[int, list[int], str]], at_ms: int) -> None:
    """The runs of a level follow one another with gaps, on its grid, and none is of the time after
    the query's tile.
    """
    runs = Program(with_windows(made)).ranges(at_ms)
    assert [size for size in LADDER if any(run.size_ms == size for run in runs)] == LADDER
    for size in LADDER:
        own = [run for run in runs if (run.kind, run.size_ms) == (TILES, size)]
        assert all(run.start_ms % size == 0 == run.end_ms % size for run in own)
        assert all(earlier.end_ms < later.start_ms for earlier, later in pairwise(own))
        assert own[-1].end_ms - size < at_ms <= own[-1].end_ms


@few(2)
@given(windows, moments, moments)
def test_coarse_tiles_in_the_middle_change_no_value(
    made: list[tuple[int, list[int], str]], at_ms: int, later_ms: int
) -> None:
    """A plan with several levels a window answers as the one with edge tiles alone, and as the
    oracle does.
    """
    levels, edges = (
        with_windows(made),
        with_windows([(window, sizes[-1:], edge) for window, sizes, edge in made]),
    )
    store, events = tiles()
    for at in (at_ms, later_ms):
        found, plain = (Fetcher(plan, store).fetch({"k": "a"}, at=at) for plan in (levels, edges))
        assert found.quality == plain.quality
        for feature in levels.features:
            if feature.operation != "APPROX_UNIQUE_COUNT":
                assert (
                    disagreement(
                        asked(feature), found.features[feature.name], events, at, finest_ms(levels)
                    )
                    is None
                )
            if feature.operation not in (
                "SUM",
                "AVERAGE",
            ):  # whose floats are the oracle's within 1e-9
                assert found.features[feature.name] == plain.features[feature.name]


@cache
def tiles() -> tuple[Any, list[dict[str, Any]]]:
    """A store with one key's events: some at random, some on and beside the boundaries of all
    levels.
    """
    midnight = AT // DAY * DAY
    edges = [
        midnight + size * place + shift
        for size in LADDER
        for place in range(-8, 4)
        for shift in (-1, 0, 1)
    ]
    spread = [midnight - 13 * DAY + i * 7_919_003 for i in range(180)]
    events = [
        {"k": "a", "n": i % 17 - 5, "x": (i % 13) / 10 - 0.3, "ts": ts}
        for i, ts in enumerate([*edges, *spread])
    ]
    store = open_store("memory:")
    with Writer(whole(), store) as writer:
        writer.write(to_arrow(events, SCHEMA))
    return store, events


@given(
    st.integers(1, 400),
    st.lists(st.sampled_from(LADDER), min_size=1, unique=True),
    moments,
    st.sampled_from(["sawtooth", "prorate"]),
)
def test_the_compilers_count_is_never_exceeded(
    tiles_long: int, sizes: list[int], at_ms: int, edge: str
) -> None:
    """A window alone reads at most as many tiles as the compiler counts when it chooses levels."""
    levels = sorted(sizes, reverse=True)
    window_ms = max(tiles_long * levels[-1], levels[0])
    program = Program(with_windows([(window_ms, levels, edge)]))
    read = sum(
        (run.end_ms - run.start_ms) // run.size_ms
        for run in program.ranges(at_ms)
        if run.kind == TILES and run.size_ms >= levels[-1] and run.size_ms in levels
    )
    assert read <= tiles_read(window_ms, levels)


CONFIGS = {
    "hierarchical": Config(),
    "hierarchical_map": Config(sizing_strategy="hierarchical_map"),
    "adaptive": Config(
        sizing_strategy="adaptive",
        entity_stats=EntityStats(events_per_hour=5_000),
        max_tiles_per_request=100,
    ),
    "tile_sizes": Config(
        tile_sizes={"1h": "1m", "4h": "5m", "24h": "15m", "7d": "1h", "30d": "6h"}
    ),
}
lengths = st.lists(
    st.sampled_from(
        ["7m", "16m", "50m", "61m", "100m", "1h", "4h", "12h", "1d", "1500m", "7d", "8d", "30d"]
    ),
    min_size=1,
    max_size=4,
    unique=True,
)


@few(4)
@given(
    lengths,
    st.sampled_from(list(CONFIGS)),
    st.sampled_from(["sawtooth", "prorate", "exact", "truncate"]),
)
def test_the_plans_worst_request_is_the_largest_of_all(
    windows: list[str], config: str, edge: Edge
) -> None:
    """The cost says how many tiles a fetch reads at most, of all times to ask, and no more."""
    plan = costed(tuple(windows), CONFIGS[config], edge)
    program = Program(plan)
    assert max(map(partial(tiles_at, program), all_times(plan))) == plan.cost.worst.tiles


@given(
    lengths,
    st.sampled_from(list(CONFIGS)),
    st.sampled_from(["sawtooth", "prorate", "exact", "truncate"]),
)
def test_no_level_is_kept_for_nothing(windows: list[str], config: str, edge: Edge) -> None:
    """Some window at some time has tiles of each level in its cover."""
    plan = costed(tuple(windows), CONFIGS[config], edge)
    used = {size_ms for feature in plan.features for size_ms in feature.levels_ms}
    assert used == {level.size_ms for level in plan.levels}


def test_a_level_that_only_an_exact_edge_asked_for_is_left_out() -> None:
    """Raw events stand for the edge of 100 minutes, whose tiles of 15m no cover takes: 20 of 5m and
    the one that the newest event is in are all that is read.
    """
    plan = costed(("16m", "100m"), Config(), "exact")
    assert [level.size_ms for level in plan.levels] == [5 * MINUTE]
    assert plan.cost.worst.tiles == 21


def tiles_at(program: Program, at_ms: int) -> int:
    """Count the tiles that a fetch reads at a time."""
    runs = [run for run in program.ranges(at_ms) if run.kind == TILES]
    return sum((run.end_ms - run.start_ms) // run.size_ms for run in runs)


def all_times(plan: Plan) -> list[int]:
    """List the times between which nothing changes: boundaries of tiles and of windows' old ends,
    and a millisecond beside them, within the largest tile.
    """
    coarsest, finest = plan.levels[0].size_ms, plan.levels[-1].size_ms
    rests = {0} | {(feature.window_ms or 0) % finest for feature in plan.features}
    first = AT // coarsest * coarsest
    boundaries = [
        start + rest for start in range(first, first + coarsest, finest) for rest in rests
    ]
    return [at for boundary in boundaries for at in (boundary - 1, boundary, boundary + 1)]


def costed(lengths: tuple[str, ...], config: Config, edge: Edge) -> Plan:
    source = event_source({"k": "string", "n": "bigint"})
    total = Aggregation(input_column="n", operation=Operation.SUM, windows=lengths)
    group_by = GroupBy(
        sources=[source],
        keys=["k"],
        aggregations=[total],
        tiling_enabled=True,
        name="things",
        edge=edge,
    )
    return compile_group_by(group_by, config=config)


@pytest.mark.parametrize(
    ("at_ms", "fine", "coarse"),
    [(AT // DAY * DAY, 24, 8), (AT // DAY * DAY + 5 * HOUR + 1, 19 + 6, 9)],
)
def test_the_fine_level_is_read_at_both_ends_only(at_ms: int, fine: int, coarse: int) -> None:
    """Seven days of 1h edges over 1d tiles read hours in the first day and the last, not seven days
    of hours.

    #  1d     |         |    …    |         |
    #  1h        |.|.|.|          |.|.|
    #  7d         [------- … --------T
    """
    plan = plan_of(
        {"k": "string", "n": "bigint"},
        ["k"],
        [
            Aggregation(input_column="n", operation=Operation.SUM, windows=["7d"], tile_size="1h"),
            Aggregation(input_column="n", operation=Operation.SUM, windows=["8d"], tile_size="1d"),
        ],
    )
    assert plan.features[0].levels_ms == [DAY, HOUR]
    runs = Program(plan).ranges(at_ms)
    assert sum((run.end_ms - run.start_ms) // HOUR for run in runs if run.size_ms == HOUR) == fine
    assert sum((run.end_ms - run.start_ms) // DAY for run in runs if run.size_ms == DAY) == coarse


def test_a_level_between_two_runs_is_left_alone() -> None:
    """An event in the middle of a window is counted from its coarse tile: the fine one is not among
    those read.
    """
    plan = plan_of(
        {"k": "string", "n": "bigint"},
        ["k"],
        [
            Aggregation(input_column="n", operation=Operation.SUM, windows=[w], tile_size=t)
            for w, t in (("7d", "1h"), ("8d", "1d"))
        ],
    )
    session = Session(plan)
    session.write([{"k": "a", "n": 1, "ts": AT - 3 * DAY}, {"k": "a", "n": 2, "ts": AT - 1}])
    fetcher = Fetcher(plan, session.store)
    state = fetcher.request({"k": "a"}, AT)
    walk(fetcher.context, [state])
    first, end = state.tiles.bounds[HOUR]
    assert end - first == 1
    assert fetcher.fetch({"k": "a"}, at=AT).features["n_sum_7d"] == 3
