"""The plan: its fingerprints, keys, states and schema."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tilewright import Aggregation, Derivation, EventSource, GroupBy, Operation, Query
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.frontend.diagnostics import CompileError
from tilewright_compiler.output import plan_text
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.states import state_types

SCHEMA = {"user": "string", "x": "double", "ts": "timestamp"}


def _plan(
    aggregations: Sequence[Aggregation] | None = None,
    name: str = "totals",
    table: str | None = None,
    wheres: Sequence[str] = (),
    **more: Any,
) -> Plan:
    source = EventSource(table=table, schema=SCHEMA, query=Query(time_column="ts", wheres=wheres))
    total = Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"])
    group_by = GroupBy(
        sources=[source],
        keys=["user"],
        tiling_enabled=True,
        aggregations=aggregations or [total],
        name=name,
        **more,
    )
    return compile_group_by(group_by)


def test_a_plan_is_read_back() -> None:
    """The text of a plan is the plan."""
    plan = _plan()
    assert Plan.model_validate_json(plan_text(plan)) == plan


def test_equal_declarations_have_equal_fingerprints() -> None:
    """The same declaration on another line is the same plan."""
    assert _plan() == _plan()


def test_what_stored_tiles_depend_on() -> None:
    """The storage fingerprint changes with keys, states, levels and expressions, and with nothing
    else.
    """
    plan = _plan()
    total = Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"])
    same = [
        _plan(table="elsewhere.parquet"),
        _plan(online=True),
        _plan(derivations=[Derivation(name="twice", expression="x_sum_1h * 2")]),
        _plan([total, Aggregation(input_column="x", operation=Operation.AVERAGE, windows=["50m"])]),
        _plan(
            [
                Aggregation(
                    input_column="x",
                    operation=Operation.SUM,
                    windows=["1h"],
                    name="other",
                    default=0,
                )
            ]
        ),
    ]
    other = [
        _plan(wheres=["x > 0"]),
        _plan(name="sums"),
        _plan([total, Aggregation(input_column="x", operation=Operation.MIN, windows=["1h"])]),
        _plan([total, Aggregation(input_column="x", operation=Operation.SUM, windows=["1d"])]),
        _plan(tile_size="1m"),
    ]
    assert {p.storage_fingerprint for p in same} == {plan.storage_fingerprint}
    assert plan.storage_fingerprint not in {p.storage_fingerprint for p in other}
    assert len({p.fingerprint for p in [plan, *same, *other]}) == 1 + len(same) + len(other)


def test_states_are_shared() -> None:
    """SUM, AVERAGE and COUNT of a column keep its sum and count once, whatever their windows."""
    operations = (Operation.COUNT, Operation.SUM, Operation.AVERAGE)
    plan = _plan(
        [Aggregation(input_column="x", operation=o, windows=["1h", "1d"]) for o in operations]
    )
    assert [state.id for state in plan.states] == ["count_x", "sum_x"]
    assert [column.state for column in plan.tile_layout.columns] == ["sum_x", "count_x"] or len(
        plan.tile_layout.columns
    ) == 2


def test_every_kind_of_state_is_known_to_the_table() -> None:
    """What an operation keeps stands in the table of states."""
    found = [operation for name, operation in vars(Operation).items() if name.isupper()]
    percentiles = [Operation.PERCENTILE([0.5]), Operation.PERCENTILE([0.5], sketch="kll")]
    sized = [
        operation(5)
        for operation in found
        if isinstance(operation, type) and operation is not Operation.PERCENTILE
    ]
    kept = [
        *percentiles,
        *sized,
        *(operation for operation in found if not isinstance(operation, type)),
    ]
    assert {kind for operation in kept for kind, _ in operation.kept_states()} == set(state_types())
    assert all(operation.kept_states() for operation in kept)


def test_features_are_named_by_input_operation_and_window() -> None:
    """Names show the window's canonical length; a lifetime has none, and name= replaces the first
    part only.
    """
    plan = _plan(
        [
            Aggregation(input_column="x", operation=Operation.SUM, windows=["2w", "24h", "90m"]),
            Aggregation(input_column="user", operation=Operation.TOP_K(3)),
            Aggregation(input_column="x", operation=Operation.MAX, windows=["1h"], name="peak"),
        ]
    )
    assert [feature.name for feature in plan.features] == [
        "x_sum_14d",
        "x_sum_1d",
        "x_sum_90m",
        "user_top3",
        "peak_1h",
    ]


def test_keys_name_their_tile_sizes() -> None:
    """The forms of tile ids follow the specification, for each level by its canonical name."""
    plan = _plan(
        [
            Aggregation(input_column="x", operation=Operation.SUM, windows=["30d", "1d", "1h"]),
            _with_tile("30s", "5m"),
        ]
    )
    assert plan.key_layout.tile_ids == {
        "1d": "%Y%m%d",
        "1h": "%Y%m%d%H",
        "5m": "%Y%m%d%H%M",
        "30s": "%Y%m%d%H%M%S",
    }
    assert plan.key_layout.text.startswith("tiles::totals::{{entity}}::{size}::{tile_id}")


def _with_tile(size: str, window: str) -> Aggregation:
    return Aggregation(input_column="x", operation=Operation.MIN, windows=[window], tile_size=size)


def test_states_of_other_meaning_have_other_ids() -> None:
    """Names that run into each other do not make one state of two."""
    source = EventSource(
        schema={
            "user": "string",
            "x": "double",
            "k_x": "double",
            "x_by_k": "double",
            "k": "string",
            "ts": "timestamp",
        },
        query=Query(time_column="ts"),
    )
    asked = [
        ("k_x", Operation.FIRST, None),
        ("x", Operation.FIRST_K(2), None),
        ("x_by_k", Operation.MIN, None),
        ("x", Operation.MIN, ["k"]),
    ]
    aggregations = [
        Aggregation(input_column=c, operation=o, buckets=b, name=f"{i}")
        for i, (c, o, b) in enumerate(asked)
    ]
    plan = compile_group_by(
        GroupBy(sources=[source], keys=["user"], tiling_enabled=True, aggregations=aggregations)
    )
    ids = [state.id for state in plan.states]
    assert ids == [
        "first_k_x",
        "first_k_x_2",
        "min_x_by_k",
        "count_x_by_k",
        "min_x_by_k_2",
        "count_x_by_k_2",
    ]
    assert [feature.states for feature in plan.features] == [ids[:1], ids[1:2], ids[2:4], ids[4:]]


def test_what_is_kept_by_bucket_is_not_kept_of_all_events() -> None:
    """Several features by one column share its states, and a tile keeps them for each value
    only.
    """
    aggregations = [
        Aggregation(input_column="x", operation=operation, windows=["1h", "1d"], buckets=["ts"])
        for operation in (Operation.SUM, Operation.AVERAGE)
    ]
    layout = _plan(aggregations).tile_layout
    assert (layout.columns, layout.variable) == ([], [])
    assert [(b.column, b.type, [c.state for c in b.columns]) for b in layout.buckets] == [
        ("ts", "TIMESTAMP WITH TIME ZONE", ["sum_x_by_ts", "count_x_by_ts"])
    ]


def test_a_name_is_given_or_kept() -> None:
    """The argument names a GroupBy that has no name of its own."""
    source = EventSource(schema=SCHEMA, query=Query(time_column="ts"))
    total = Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"])
    group_by = GroupBy(sources=[source], keys=["user"], tiling_enabled=True, aggregations=[total])
    assert compile_group_by(group_by, name="mine").name == "mine"
    assert compile_group_by(group_by.model_copy(update={"name": "own"}), name="mine").name == "own"


def test_a_broken_declaration_is_an_error_with_all_its_problems() -> None:
    """In Python the diagnostics are raised together."""
    with pytest.raises(CompileError) as refused:
        compile_group_by(GroupBy(sources=[], keys="user", aggregations=[], name="a b"))
    assert [problem.code for problem in refused.value.diagnostics] == [
        "TW007",
        "TW010",
        "TW010",
        "TW010",
    ]
    assert __file__.rsplit("/", 1)[-1] in str(refused.value)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "json"])
def test_the_schema_of_a_local_file(suffix: str, tmp_path: Path) -> None:
    """Without a schema a local file is asked for its columns, whatever its path holds."""
    folder = tmp_path / "it's; here --"
    folder.mkdir()
    with duckdb.connect() as database:
        query = "SELECT 'a' AS \"user\", 1.5::DOUBLE AS x, TIMESTAMP '2024-01-04 12:00:00' AS ts"
        database.execute(
            f"COPY ({query}) TO '{str(folder).replace(chr(39), chr(39) * 2)}/events.{suffix}'"
        )
    source = EventSource(table=f"events.{suffix}", query=Query(time_column="ts"))
    total = Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"])
    plan = compile_group_by(
        GroupBy(sources=[source], keys=["user"], tiling_enabled=True, aggregations=[total]),
        base_dir=str(folder),
    )
    assert [(column.name, column.type) for column in plan.sources[0].columns] == [
        ("user", "VARCHAR"),
        ("x", "DOUBLE"),
        ("ts", "TIMESTAMP"),
    ]
    assert str(tmp_path) not in plan_text(plan)


def test_the_schema_of_what_is_not_local() -> None:
    """A warehouse table cannot be asked."""
    source = EventSource(table="shop.clicks", query=Query(time_column="ts"))
    total = Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"])
    with pytest.raises(CompileError, match=r"TW022 the table 'shop.clicks' is not a local file"):
        compile_group_by(
            GroupBy(sources=[source], keys=["user"], tiling_enabled=True, aggregations=[total])
        )
