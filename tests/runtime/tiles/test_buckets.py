"""Features by bucket, from events to answers: what is in a map, in which order, and that bytes do
not depend on arrival.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.cli import Desk
from support.examples import few
from support.plans import AT, HOUR, aggregations, plan_of
from support.records import decoded
from support.session import Session
from tilewright import Aggregation, Operation
from tilewright.operations import OperationSpec
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher
from tilewright_runtime.fetch.explain import explain
from tilewright_runtime.reports.plan import report
from tilewright_runtime.states.fields import Fields
from tilewright_runtime.tiles.buckets import buckets_of
from tilewright_runtime.tiles.keys import Range
from tilewright_runtime.tiles.layout import layout_of
from tilewright_runtime.tiles.records import RecordCodec

SCHEMA = {"k": "string", "kind": "string", "day": "date", "n": "bigint", "tags": "array<string>"}


def by_kind(*operations: OperationSpec, column: str = "n") -> Plan:
    """A plan of some operations by the column `kind`, over an hour."""
    return plan_of(SCHEMA, ["k"], aggregations(column, operations, buckets=["kind"]))


def row(kind: str | None, n: int | None, ts: int = AT - 1, **others: Any) -> dict[str, Any]:
    """An event of key a."""
    return {
        "k": "a",
        "kind": kind,
        "n": n,
        "day": date(2024, 1, 4),
        "tags": None,
        "ts": ts,
    } | others


def answer(plan: Plan, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    session = Session(plan)
    session.write(rows)
    return session.features(k="a")


def test_a_map_has_the_values_that_count() -> None:
    """A bucket value is in the map if a value that is not null comes with it; null buckets count
    for nothing.
    """
    found = answer(
        by_kind(Operation.COUNT, Operation.SUM),
        [row("b", 1), row("a", 2), row("b", 4), row("c", None), row(None, 8)],
    )
    assert found == {"n_count_1h_by_kind": {"a": 1, "b": 2}, "n_sum_1h_by_kind": {"a": 2, "b": 5}}
    assert [list(values) for values in found.values()] == [["a", "b"]] * 2


def test_an_empty_map_is_null() -> None:
    """Also of counting operations, which give 0 without buckets."""
    assert set(
        answer(
            by_kind(Operation.COUNT, Operation.UNIQUE_COUNT, Operation.LAST), [row("a", None)]
        ).values()
    ) == {None}


def test_a_default_replaces_an_empty_map() -> None:
    """And only an empty one."""
    plan = plan_of(
        SCHEMA,
        ["k"],
        [
            Aggregation(
                input_column="n",
                operation=Operation.SUM,
                windows=["1h"],
                buckets=["kind"],
                default={"a": 0},
            ),
            Aggregation(
                input_column="n",
                operation=Operation.COUNT,
                windows=["1h"],
                buckets=["kind"],
                default={},
            ),
        ],
    )
    assert answer(plan, [row("b", None)]) == {
        "n_sum_1h_by_kind": {"a": 0},
        "n_count_1h_by_kind": {},
    }
    assert answer(plan, [row("b", 1)]) == {
        "n_sum_1h_by_kind": {"b": 1},
        "n_count_1h_by_kind": {"b": 1},
    }


def test_a_value_may_be_null_within_a_map() -> None:
    """A skew of equal values is null, and its bucket has values all the same."""
    assert answer(by_kind(Operation.SKEW), [row("a", 1), row("b", 1), row("b", 2)]) == {
        "n_skew_1h_by_kind": {"a": None, "b": 0.0}
    }


def test_features_with_and_without_buckets_stand_side_by_side() -> None:
    """Several columns make a map each, and what is asked of all events is not changed by them."""
    plan = plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations("n", [Operation.SUM], buckets=["kind", "day"]),
            *aggregations("n", [Operation.SUM]),
        ],
    )
    assert answer(plan, [row("a", 1), row(None, 2), row("b", 4, day=None)]) == {
        "n_sum_1h_by_kind": {"a": 1, "b": 4},
        "n_sum_1h_by_day": {date(2024, 1, 4): 3},
        "n_sum_1h": 7,
    }


def test_an_element_of_a_list_counts_in_the_bucket_of_its_event() -> None:
    """Lists and buckets together; a column may be bucket and input at once, and counts once an
    event.
    """
    plan = plan_of(
        SCHEMA,
        ["k"],
        [
            agg
            for c in ("tags", "kind")
            for agg in aggregations(c, [Operation.HISTOGRAM()], buckets=["kind"])
        ],
    )
    assert answer(
        plan, [row("a", 1, tags=["x", "y", "x"]), row("a", 1, tags=[None]), row("b", 1, tags=[])]
    ) == {
        "tags_histogram_1h_by_kind": {"a": {"x": 2, "y": 1}},
        "kind_histogram_1h_by_kind": {"a": {"a": 2}, "b": {"b": 1}},
    }


EXACT = [
    *(
        Operation.COUNT,
        Operation.SUM,
        Operation.MIN,
        Operation.FIRST,
        Operation.LAST,
        Operation.UNIQUE_COUNT,
    ),
    *(Operation.LARGEST_K(2), Operation.LAST_K(2), Operation.HISTOGRAM()),
]


def tables(session: Session) -> list[dict[str, Fields]]:
    """What the records of key a hold per bucket value, level by level."""
    codec = RecordCodec(layout_of(session.plan))
    spans = [
        Range(level.size_ms, 0, 2 * AT // level.size_ms * level.size_ms)
        for level in session.plan.levels
    ]
    return [
        decoded(codec, records, size_ms=span.size_ms).variable
        for span, records in zip(
            spans, session.store.scan(session.plan.name, "s=a", spans), strict=True
        )
    ]


@few(8)
@given(st.data())
def test_bytes_do_not_depend_on_the_order_of_arrival(data: st.DataObject) -> None:
    """The same events in any order and any number of writes make the same records, bucket by
    bucket.
    """
    event = st.builds(
        row,
        st.sampled_from([None, "", "a", "é\n"]),
        st.none() | st.sampled_from([-(2**62), 2**62, 3]),
        st.integers(0, 5).map(lambda minutes: AT - 1 - minutes * 60_000),
        tags=st.none() | st.lists(st.sampled_from(["", "x", None]), max_size=2),
    )
    events = data.draw(st.lists(event, min_size=1, max_size=12))
    shuffled = data.draw(st.permutations(events))
    cut = data.draw(st.integers(0, len(events)))
    texts = [Operation.LAST, Operation.MAX, Operation.COUNT]
    plan = plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations("n", EXACT, buckets=["kind"]),
            *aggregations("tags", texts, buckets=["kind", "day"]),
        ],
    )
    one, other = Session(plan), Session(plan)
    one.write(events)
    other.write(shuffled[:cut])
    other.write(shuffled[cut:])
    assert tables(one) == tables(other)


@pytest.mark.parametrize("tiles", [1, 2, 3, 7, 64])
def test_any_number_of_tables_merge_to_one(tiles: int) -> None:
    """Numbers, ends, moments and bytes of each value come together, whether it is in all tables or
    in one.
    """
    operations = [
        Operation.COUNT,
        Operation.SUM,
        Operation.VARIANCE,
        Operation.LAST,
        Operation.UNIQUE_COUNT,
    ]
    plan = plan_of(SCHEMA, ["k"], aggregations("n", operations, ["64h"], buckets=["kind"]))
    rows = [row(kind, i, AT - 1 - i * HOUR) for i in range(tiles) for kind in ("all", f"only {i}")]
    found = answer(plan, rows)
    ones, numbers = {f"only {i}": i for i in range(tiles)}, range(tiles)
    mean = sum(numbers) / tiles
    assert found["n_count_64h_by_kind"] == {"all": tiles} | dict.fromkeys(ones, 1)
    assert found["n_sum_64h_by_kind"] == {"all": sum(numbers)} | ones
    assert found["n_last_64h_by_kind"] == {"all": 0} | ones
    assert found["n_unique_count_64h_by_kind"] == {"all": tiles} | dict.fromkeys(ones, 1)
    assert math.isclose(
        found["n_variance_64h_by_kind"]["all"],
        sum((n - mean) ** 2 for n in numbers) / tiles,
        abs_tol=1e-12,
    )
    assert list(found["n_sum_64h_by_kind"]) == sorted(found["n_sum_64h_by_kind"])


def test_pairs_of_tables_merge_as_one_by_one() -> None:
    """Merging the tables of many tiles at once gives the bytes that each pair gives by itself, also
    where one has none.
    """
    plan = by_kind(Operation.SUM, Operation.LAST, Operation.HISTOGRAM())
    (buckets,) = buckets_of(plan).values()
    session = Session(plan)
    session.write(
        [
            row(kind, n, AT - 1 - part * 5 * 60_000)
            for part in range(4)
            for n in (1, 2)
            for kind in ("a", "b", f"{part}")
        ]
    )
    parts = tables(session)[0]["by:kind"]
    assert len({*parts}) == 4
    older, newer = [*parts, None, parts[0], None], [*reversed(parts), parts[0], None, None]
    one_by_one = [
        buckets.encode(buckets.merge([old, new]))
        if old is not None and new is not None
        else old or new
        for old, new in zip(older, newer, strict=True)
    ]
    assert buckets.merge_pairs(older, newer) == one_by_one
    assert buckets.merge_pairs([None], [parts[0]]) == [parts[0]]


def test_names_in_json_are_those_of_a_histogram(tmp_path: Path) -> None:
    """Decimals, dates, booleans and NaN name members as they would be shown as values."""
    kinds: dict[str, tuple[str, Any]] = {
        "decimal(12,3)": ("1.500", Decimal("1.500")),
        "date": ("2024-01-04", date(2024, 1, 4)),
        "boolean": ("true", True),
        "double": ("NaN", math.nan),
        "string": ('"}', '"}'),
    }
    for kind, (name, value) in kinds.items():
        schema = {"k": "string", "x": kind, "n": "bigint"}
        desk = Desk(
            tmp_path, plan_of(schema, ["k"], aggregations("n", [Operation.SUM], buckets=["x"]))
        )
        desk.store = f"lmdb:{tmp_path}/{kind}"
        desk.write(desk.events([{"k": "a", "x": value, "n": 7, "ts": AT - 1}], schema=schema))
        (line,) = desk.fetch("--key", "k=a", "--at", str(AT)).lines
        assert line["features"] == {"n_sum_1h_by_x": {name: 7}}


def test_a_sum_that_does_not_fit_is_an_error_that_names_the_feature() -> None:
    """As without buckets, in any one of them."""
    session = Session(by_kind(Operation.SUM))
    session.write([row("a", 1), row("b", 2**63 - 1), row("b", 1)])
    with pytest.raises(
        Exception, match=r"n_sum_1h_by_kind: the sum 9223372036854775808 does not fit"
    ):
        session.features(k="a")


def test_an_explanation_shows_what_each_tile_adds() -> None:
    """Each tile of a cover has a map of its own."""
    session = Session(by_kind(Operation.SUM))
    session.write([row("a", 1), row("a", 2, AT - 10 * 60_000), row("b", 4)])
    (share,) = explain(Fetcher(session.plan, session.store), {"k": "a"}, AT).windows
    assert [tile.values["n_sum_1h_by_kind"] for tile in share.tiles] == [{"a": 2}, {"a": 1, "b": 4}]
    assert share.values["n_sum_1h_by_kind"] == {"a": 3, "b": 4}


def test_a_report_shows_where_states_are_kept() -> None:
    """The fields of a state that is kept by bucket are those of the small record."""
    (state, count) = report(by_kind(Operation.SUM), AT).states
    assert (state.state.subject, state.fields) == ("n BIGINT by kind", ("hi i64", "lo i64"))
    assert (count.state.id, count.fields) == ("count_n_by_kind", ("n i64",))


def test_derivations_read_maps() -> None:
    """An expression takes the value of one bucket, and what is made of it; null where it is not
    there.
    """
    derivations = {
        "doubled": "n_sum_1h_by_kind['a'] * 2",
        "newest": "n_last2_1h_by_kind['a'][0]",
        "nothing": "n_sum_1h_by_kind['z']",
    }
    operations = [Operation.SUM, Operation.LAST_K(2)]
    plan = plan_of(
        SCHEMA, ["k"], aggregations("n", operations, buckets=["kind"]), derivations=derivations
    )
    found = answer(plan, [row("a", 3), row("b", 4)])
    assert {name: found[name] for name in derivations} == {
        "doubled": 6,
        "newest": 3,
        "nothing": None,
    }
