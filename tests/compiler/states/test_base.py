"""The kinds of states: what each keeps, and its SQL on every engine, as a reviewer has read it."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from tilewright_compiler.plan.model import Column, State
from tilewright_compiler.sql.dialects import DIALECTS
from tilewright_compiler.states import fields_of, lay_out, state_types, tile_columns
from tilewright_compiler.tile_sql.partials import partial_fields
from tilewright_runtime.testing.snapshots import file_snapshot

TYPES = [
    "BIGINT",
    "DOUBLE",
    "DECIMAL(12,3)",
    "BOOLEAN",
    "VARCHAR",
    "DATE",
    "TIMESTAMP WITH TIME ZONE",
]
#: What the kinds with parameters are made with.
PARAMS: dict[str, int | str] = {"k": 100, "lg_k": 12, "type": "HLL_8", "lg_max_k": 10}


def state_of(kind: str, type_: str, **params: int | str) -> State:
    return State(id="it", kind=kind, input="x", type=type_, params=PARAMS | params)


def described(kind: str, type_: str) -> list[str]:
    """What a kind is of a type: its fields and size, and its SQL for DuckDB, for Flink and for each
    warehouse.
    """
    state, it = state_of(kind, type_), state_types()[kind]
    lines = [f"-- {type_}, timed: {it.is_timed}"]
    for field in fields_of(state, '"x"'):
        lines += [
            f"-- {field.name} {field.dtype} {field.merge} kept: {field.kept}",
            f"duckdb: {field.sql}",
        ]
    lines.append(f"-- {it.variable_bytes(state)} bytes where its length changes")
    lines += [f"flink: {field.name} {field.type} {field.flink}" for field in partial_fields(state)]
    lines += [f"taken over: {name} {sql}" for name, sql in it.finish(state).items()]
    for name, dialect in DIALECTS.items():
        lines += [f"{name}: {sql}" for sql in it.warehouse(dialect, dialect.identifier("x"), state)]
    return lines


@pytest.mark.parametrize("kind", state_types())
def test_a_reviewer_has_read_a_kind(kind: str, snapshot: SnapshotAssertion) -> None:
    """Every aggregate of a kind, type by type and engine by engine."""
    numbers = {"sum", "variance", "moments", "tdigest", "kll"}  # of numbers only
    lines = [
        line
        for type_ in TYPES[: 3 if kind in numbers else None]
        for line in ["", *described(kind, type_)]
    ]
    assert "\n".join(lines[1:]) + "\n" == snapshot(extension_class=file_snapshot("sql"))


@pytest.mark.parametrize(
    ("kind", "entry"),
    [("bounded", 8), ("largest_k", 8), ("smallest_k", 8), ("first_k", 16), ("last_k", 16)],
)
def test_a_list_is_taken_to_hold_some_values(kind: str, entry: int) -> None:
    """The size of a list is that of its k entries, and of 64 where it may hold more."""
    sizes = [
        state_types()[kind].variable_bytes(state_of(kind, "BIGINT", k=k))
        for k in (1, 64, 65, 10_000)
    ]
    assert sizes == [entry, 64 * entry, 64 * entry, 64 * entry]


def test_every_kind_has_as_many_aggregates_on_each_engine() -> None:
    """A warehouse's query has a column for each field that DuckDB makes, or the runtime would read
    the wrong one.
    """
    for kind, it in state_types().items():
        state = state_of(kind, "BIGINT")
        made = [field for field in fields_of(state, "x") if field.sql is not None]
        for dialect in DIALECTS.values():
            assert len(it.warehouse(dialect, "x", state)) == len(made), (kind, dialect.name)


def test_numbers_that_merge_alike_stand_side_by_side() -> None:
    """Sums, then smallest, then largest, each by type; then what merges together, state by
    state.
    """
    states = [
        state_of(kind, type_).model_copy(update={"id": f"{kind}_{type_}"})
        for kind, type_ in [
            ("moments", "DOUBLE"),
            ("last", "DOUBLE"),
            ("max", "DOUBLE"),
            ("first", "VARCHAR"),
            ("first", "BIGINT"),
            ("sum", "DOUBLE"),
            ("min", "DOUBLE"),
            ("min", "BIGINT"),
            ("variance", "DOUBLE"),
            ("max", "BIGINT"),
            ("min", "VARCHAR"),
        ]
    ]
    columns, variable = lay_out(states)
    assert [f"{column.state}.{column.field}" for column in columns] == [
        "sum_DOUBLE.sum",
        "moments_DOUBLE.n",
        "variance_DOUBLE.n",
        "min_DOUBLE.value",
        "min_BIGINT.value",
        "max_DOUBLE.value",
        "max_BIGINT.value",
        "first_VARCHAR.ts",
        "first_BIGINT.ts",
        "first_BIGINT.value",
        "last_DOUBLE.ts",
        "last_DOUBLE.value",
        *(f"moments_DOUBLE.{field}" for field in ("mean", "rest", "m2", "m3", "m4")),
        *(f"variance_DOUBLE.{field}" for field in ("mean", "rest", "m2")),
    ]
    assert [f"{field.state}.{field.field}" for field in variable] == [
        "first_VARCHAR.value",
        "min_VARCHAR.value",
    ]


def test_a_row_of_a_tile_has_a_column_for_each_aggregate() -> None:
    """Keys, start, number of events and newest time come first; what the runtime makes by itself
    has no column.
    """
    states = [
        state_of("sum", "BIGINT"),
        state_of("variance", "DOUBLE").model_copy(update={"id": "other"}),
    ]
    keys = [Column(name="k", type="VARCHAR")]
    assert tile_columns(keys, states) == [
        "key:k",
        "__start",
        "__events",
        "__newest",
        "it.hi",
        "it.lo",
        "other.values",
        "other.n",
    ]
