"""The difference of two plans: its changes, and what they mean for stored tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import pytest

from tilewright import Aggregation, Derivation, EventSource, GroupBy, Operation, Query
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.diff import MEANINGS, Verdict, compare
from tilewright_compiler.frontend.config import Config
from tilewright_compiler.plan.model import Plan

SCHEMA = {"user": "string", "x": "double", "y": "bigint", "ts": "timestamp"}


def total(*windows: str, **more: Any) -> Aggregation:
    return Aggregation(input_column="x", operation=Operation.SUM, windows=windows or None, **more)


def source(
    name: str = "events", table: str | None = None, schema: Mapping[str, str] = SCHEMA, **query: Any
) -> EventSource:
    return EventSource(
        name=name, table=table, schema=schema, query=Query(time_column="ts", **query)
    )


def made(
    *aggregations: Aggregation,
    sources: Sequence[EventSource] = (),
    keys: Sequence[str] = ("user",),
    config: Config | None = None,
    **more: Any,
) -> Plan:
    given: dict[str, Any] = {"name": "totals", "tiling_enabled": True, **more}
    group_by = GroupBy(
        sources=list(sources) or [source()],
        keys=keys,
        aggregations=aggregations or [total("12h")],
        **given,
    )
    return compile_group_by(group_by, config=config)


TWICE = Derivation(name="twice", expression="x_sum_12h * 2")

#: what -> (new plan, verdict, words of a change); the old plan is a sum over 12h from tiles of 1h.
CASES: dict[str, tuple[Plan, Verdict, str]] = {
    "nothing": (made(), Verdict.UNCHANGED, ""),
    "another table": (
        made(sources=[source(table="old.parquet")]),
        Verdict.COMPATIBLE,
        "table of source events: nothing -> old.parquet",
    ),
    "online": (made(online=True), Verdict.COMPATIBLE, "the plan goes online"),
    "a feature more": (
        made(total("12h", "11h")),
        Verdict.COMPATIBLE,
        "feature x_sum_11h is new: SUM of x over 11h, from tiles of 1h",
    ),
    "another name of a feature": (
        made(total("12h", name="s")),
        Verdict.OTHER_ANSWERS,
        "feature x_sum_12h is gone: requests no longer answer it",
    ),
    "a default": (
        made(total("12h", default=0)),
        Verdict.OTHER_ANSWERS,
        "feature x_sum_12h: default None -> 0",
    ),
    "a derivation more": (
        made(derivations=[TWICE]),
        Verdict.COMPATIBLE,
        'derivation twice is new: "x_sum_12h" * 2, DOUBLE',
    ),
    "a longer window": (
        made(total("1d")),
        Verdict.OTHER_ANSWERS,
        "level 1h is kept for 19h 37m -> 1d 13h: what is older than 19h 37m may be",
    ),
    "a shorter window": (
        made(total("11h")),
        Verdict.OTHER_ANSWERS,
        "level 1h is kept for 19h 37m -> 18h 7m",
    ),
    "a bucket": (
        made(total("12h"), total("12h", buckets=["y"])),
        Verdict.NEW_TABLE,
        "state sum_x_by_y is new",
    ),
    "a feature by bucket": (
        made(total("12h"), total("12h", buckets=["y"])),
        Verdict.NEW_TABLE,
        "feature x_sum_12h_by_y is new: SUM of x by y over 12h",
    ),
    "lists": (
        made(sources=[source(schema=SCHEMA | {"x": "array<double>"})]),
        Verdict.NEW_TABLE,
        "x DOUBLE {} -> each of x DOUBLE {}",
    ),
    "a column that nobody uses": (
        made(sources=[source(selects={"user": "user", "x": "x", "more": "y"})]),
        Verdict.COMPATIBLE,
        "unused column more of source events: nothing -> y",
    ),
    "lateness": (
        made(config=Config.model_validate({"flink": {"allowed_lateness": "1h"}})),
        Verdict.COMPATIBLE,
        "late: allowed_lateness_ms 300000",
    ),
    "a coarser level": (
        made(total("12h", "3d")),
        Verdict.NEW_LEVEL_WITH_BACKFILL,
        "level 6h is new: no stored level divides it and is kept long",
    ),
    "a coarser level that tiles cover": (
        made(total("12h", tile_size="6h")),
        Verdict.NEW_LEVEL,
        "level 6h is new: its tiles can be merged from",
    ),
    "a finer level": (
        made(total("12h", "1h")),
        Verdict.NEW_LEVEL_WITH_BACKFILL,
        "so it needs the events of the last 1h 5m",
    ),
    "a lifetime": (
        made(total("12h"), total()),
        Verdict.NEW_LEVEL_WITH_BACKFILL,
        "level 1d is new: no stored level divides it and is kept long enough",
    ),
    "another state": (
        made(total("12h"), Aggregation(input_column="x", operation=Operation.MIN, windows=["12h"])),
        Verdict.NEW_TABLE,
        "state min_x is new",
    ),
    "a state less": (
        made(Aggregation(input_column="x", operation=Operation.COUNT, windows=["12h"])),
        Verdict.NEW_TABLE,
        "state sum_x is gone",
    ),
    "an exact window": (
        made(total("12h", edge="exact")),
        Verdict.NEW_LEVEL_WITH_BACKFILL,
        "raw events are kept, in chunks of 1h: tiles do not hold them",
    ),
    "another exact window": (
        made(total("12h", edge="exact"), total("7d")),
        Verdict.NEW_LEVEL_WITH_BACKFILL,
        "raw events are kept",
    ),
    "exact windows of two inputs": (
        made(
            total("12h", edge="exact"),
            Aggregation(
                input_column="x", operation=Operation.COUNT, name="n", windows=["3h"], edge="exact"
            ),
        ),
        Verdict.NEW_LEVEL_WITH_BACKFILL,
        "raw events are kept, in chunks of 15m",
    ),
    "no tiles": (
        made(tiling_enabled=False),
        Verdict.NEW_LEVEL_WITH_BACKFILL,
        "feature x_sum_12h: levels_ms [3600000] -> []",
    ),
    "no tiles, and a feature more": (
        made(total("12h", "11h"), tiling_enabled=False),
        Verdict.NEW_LEVEL_WITH_BACKFILL,
        "feature x_sum_11h is new: SUM of x over 11h, from raw events",
    ),
    "a filter": (
        made(sources=[source(wheres=["x > 0"])]),
        Verdict.NEW_TABLE,
        "wheres of source events: nothing -> x > 0",
    ),
    "another expression": (
        made(sources=[source(selects={"user": "user", "x": "x * 2"})]),
        Verdict.NEW_TABLE,
        "column x of source events: ",
    ),
    "another type": (
        made(sources=[source(schema=SCHEMA | {"x": "bigint"})]),
        Verdict.NEW_TABLE,
        "state sum_x: x DOUBLE {} -> x BIGINT {}",
    ),
    "another key": (made(keys=["y"]), Verdict.NEW_TABLE, "keys user VARCHAR -> y BIGINT"),
    "another name": (made(name="sums"), Verdict.NEW_TABLE, "name totals -> sums"),
    "a source renamed": (
        made(sources=[source("clicks")]),
        Verdict.NEW_TABLE,
        "source clicks is new",
    ),
    "a source more": (
        made(sources=[source(), source("clicks")]),
        Verdict.NEW_TABLE,
        "source clicks is new",
    ),
    "another job": (
        made(config=Config.model_validate({"flink": {"parallelism": 8}})),
        Verdict.COMPATIBLE,
        "flink: parallelism 1 -> 8",
    ),
    "a compression": (
        made(config=Config.model_validate({"kv_store": {"compression": "none"}})),
        Verdict.COMPATIBLE,
        "store: compression snappy -> none",
    ),
}


@pytest.mark.parametrize(("new", "verdict", "words"), CASES.values(), ids=CASES)
def test_what_a_change_means(new: Plan, verdict: Verdict, words: str) -> None:
    """Each change has its verdict, and words that name what changed."""
    difference = compare(made(), new)
    assert difference.verdict == verdict
    assert any(words in str(change) for change in difference.changes) or not words


def test_no_tiles_are_mixed_by_mistake() -> None:
    """Between any two plans, tiles are compatible exactly where the storage fingerprints, on which
    stores insist, agree.

    Only a source that is renamed is more: the store keeps its positions by its name, so its files
    would be counted twice.
    """
    for (old, *_), (new, *_) in product(CASES.values(), repeat=2):
        difference = compare(old, new)
        renamed = [one.name for one in old.sources] != [one.name for one in new.sources]
        assert (difference.verdict < Verdict.NEW_LEVEL) == (
            old.storage_fingerprint == new.storage_fingerprint and not renamed
        )
        assert (difference.verdict == Verdict.UNCHANGED) == (old == new)


def test_derivations_that_change() -> None:
    """The name, and what changed of it; tiles do not depend on derivations."""
    thrice = Derivation(name="twice", expression="x_sum_12h * 3")
    changed = compare(made(derivations=[TWICE]), made(derivations=[thrice]))
    assert list(map(str, changed.changes)) == [
        'other answers: derivation twice: sql "x_sum_12h" * 2 -> "x_sum_12h" * 3'
    ]
    gone = compare(made(derivations=[TWICE]), made())
    assert list(map(str, gone.changes)) == [
        "other answers: derivation twice is gone: requests no longer answer it"
    ]


def test_a_level_that_is_gone() -> None:
    """The ladder is another, though all its tiles are there."""
    difference = compare(made(total("12h", "1h")), made())
    assert difference.verdict == Verdict.NEW_LEVEL
    assert difference.changes[0].what == "level 5m is gone"


def test_tiles_can_be_made_of_raw_events() -> None:
    """What keeps its events long enough needs no backfill for tiles of them, nor for chunks of
    another size or fewer columns.
    """
    count = Aggregation(input_column="y", operation=Operation.COUNT, windows=["12h"])
    untiled = made(total("12h"), count, tiling_enabled=False)
    tiled = [
        str(change)
        for change in compare(untiled, made(total("12h"), count)).changes
        if change.verdict >= Verdict.NEW_LEVEL
    ]
    assert tiled == [
        (
            "another ladder, without a backfill: level 1h is new: its tiles can be "
            "made from the raw "
            "events, which are kept for 19h 37m"
        ),
        (
            "another ladder, without a backfill: raw events are no longer kept: their "
            "chunks are no "
            "longer read"
        ),
    ]
    exact, finer = (
        made(total("12h", edge="exact"), count, total(*short, name="short"))
        for short in (["12h"], ["1h"])
    )
    recut = [str(change) for change in compare(exact, finer).changes]
    assert (
        "another ladder, without a backfill: chunks of raw events 1h -> 5m: the same events can "
        "be cut anew" in recut
    )
    fewer = [str(change) for change in compare(untiled, exact).changes]
    assert any(
        "raw events hold __ts BIGINT, x DOUBLE, y BIGINT -> __ts BIGINT, x DOUBLE: the others"
        in change
        for change in fewer
    )
    more = [str(change) for change in compare(exact, untiled).changes]
    assert any(
        "with a backfill: raw events hold __ts BIGINT, x DOUBLE -> " in change for change in more
    )


def test_events_that_have_expired_are_missing() -> None:
    """Raw events that are kept for less than a new level's windows reach back are no source of its
    tiles.
    """
    difference = compare(made(total("12h"), tiling_enabled=False), made(total("12h", "7d")))
    assert difference.verdict == Verdict.NEW_LEVEL_WITH_BACKFILL


def test_a_lifetime_over_days_that_are_kept() -> None:
    """A level that is kept for ever from now on lacks what has expired."""
    difference = compare(made(total("30d")), made(total("30d"), total()))
    assert difference.verdict == Verdict.COMPATIBLE
    assert any(
        "level 1d is kept for 46d 12h -> ever: what is older than 46d 12h may be gone already"
        in str(c)
        for c in difference.changes
    )


def test_what_only_the_fingerprint_tells() -> None:
    """Where no part shows why the tiles or the plan differ, the digests decide."""
    other = made().model_copy(update={"storage_fingerprint": "0" * 16})
    assert compare(made(), other).verdict == Verdict.NEW_TABLE
    rewritten = made().model_copy(update={"fingerprint": "0" * 16})
    assert compare(made(), rewritten).verdict == Verdict.COMPATIBLE


def test_the_gravest_change_comes_first() -> None:
    """A reader sees at once what decided."""
    verdicts = [
        change.verdict
        for change in compare(made(), made(total("1h", "30d"), name="sums", online=True)).changes
    ]
    assert verdicts == sorted(verdicts, reverse=True)
    assert verdicts[0] == Verdict.NEW_TABLE


def test_every_verdict_says_what_to_do() -> None:
    """No verdict is without its words."""
    assert set(MEANINGS) == set(Verdict)


def test_authors_texts_stay_in_their_line() -> None:
    """A filter of several lines, or with an escape sequence, does not break the report."""
    difference = compare(made(), made(sources=[source(wheres=["x >\n 0"])]))
    assert not [change for change in difference.changes if "\n" in str(change)]
