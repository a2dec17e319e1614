"""Plain expressions have the values that DuckDB gives."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright_compiler.plan.model import Derivation, Plan
from tilewright_runtime.fetch.plain.expressions import plain_expression
from tilewright_runtime.fetch.sql_derivations import SqlDerivations

SCHEMA = {"k": "string", "n": "bigint", "x": "double"}
#: Two doubles, two integers and no other features; the second window only has other names.
FEATURES = {"x_sum_1h": "x", "x_sum_2h": "y", "n_sum_1h": "n", "n_sum_2h": "m"}
DOUBLES = [None, 0.0, -0.0, 1.5, -3.0, 1e308, 5e-324, math.inf, -math.inf, math.nan, 2.0**53]
INTEGERS = [None, 0, 1, -7, 2**63 - 1, -(2**63), 2**53 + 1]

EXPRESSIONS = {
    "DOUBLE": [
        "{x} + {y}",
        "{x} - {y} * 2 + 0.1",
        "{x} / NULLIF({y}, 0)",
        "{x} / {y}",
        "-{x} * -{y}",
        "{n} / NULLIF({m}, 0)",
        "{n} / NULLIF(3, 0)",
        "{x} * {n} - {m}",
        "({x} - {y}) / NULLIF(NULLIF({y}, 0), 0)",
        "COALESCE({x}, {y}, 0.5)",
        "COALESCE({x}, {n}, 0)",
        "CASE WHEN {n} > 0 THEN {x} / NULLIF({n}, 0) ELSE 0 END",
        "CASE WHEN {x} < {y} THEN {x} WHEN {n} IS NULL THEN {n} END",
        "ABS({x}) - ABS({y})",
        "TRY_CAST({n} AS DOUBLE) / NULLIF(CAST({m} AS DOUBLE), 0)",
        "NULLIF({x}, {n})",
        "CASE WHEN {x} IS NOT NULL THEN {n} + {m} ELSE {y} END",
    ],
    "BIGINT": [
        "{n} + {m}",
        "{n} - {m} - 1",
        "{n} * {m}",
        "{n} * 2 + 1",
        "-{n} + 1",
        "ABS({n})",
        "COALESCE({n}, {m}, 0)",
        "CASE WHEN {n} = 0 THEN NULL ELSE {n} END",
        "NULLIF({n}, {m})",
        "COALESCE({n}, {m} + {m})",
        "CASE WHEN {n} + {m} > 0 THEN 1 ELSE {m} END",
        "{n} + 4294967296",
        "COALESCE(TRY({n} + {m}), TRY(({m} * 2)), 0)",
    ],
    "BOOLEAN": [
        "{x} < {y}",
        "{x} >= {y}",
        "{x} = {y}",
        "{x} <> {y}",
        "{n} <= {m}",
        "{n} > {x}",
        "{n} = {x}",
        "{x} > 1.5",
        "{n} > 1 AND {x} < 5 OR NOT {m} >= 2",
        "{x} IS NULL OR {y} > {x}",
        "NOT ({n} > 0 AND {m} > 0)",
        "{n} + {m} > 0 AND {n} > 0",
        "{n} + {m} > 0 OR {n} IS NULL",
        "{n} > {m} IS NULL",
        "TRY({n} + 1) > 5 OR TRY(-{m}) IS NULL",
        "({x} < {y}) IS NOT NULL AND {n} < 3",
    ],
}
CASES = [(kind, sql) for kind, many in EXPRESSIONS.items() for sql in many]


def plan() -> Plan:
    sums = [
        *aggregations("x", [Operation.SUM], ["1h", "2h"]),
        *aggregations("n", [Operation.SUM], ["1h", "2h"]),
    ]
    return plan_of(SCHEMA, ["k"], sums)


def rows() -> list[dict[str, Any]]:
    """Each pair of doubles and each pair of integers."""
    doubles = list(itertools.product(DOUBLES, DOUBLES))
    integers = list(itertools.product(INTEGERS, INTEGERS))
    made = []
    for i in range(max(len(doubles), len(integers)) * 3):
        (x, y), (n, m) = doubles[i % len(doubles)], integers[i % len(integers)]
        made.append(dict(zip(FEATURES, (x, y, n, m), strict=True)))
    return made


def named(sql: str) -> str:
    return sql.format(**{short: f'"{name}"' for name, short in FEATURES.items()})


def test_values_are_those_of_duckdb() -> None:
    """Of every expression, over edges of each type; each value has its type."""
    derivations = [
        Derivation(name=f"d{i}", type=kind, sql=named(sql), features=list(FEATURES))
        for i, (kind, sql) in enumerate(CASES)
    ]
    made = rows()
    wanted = SqlDerivations(plan(), derivations).of(made)
    types = {feature.name: feature.type for feature in plan().features}
    for derivation in derivations:
        compute = plain_expression(derivation.sql, derivation.type, types)
        assert compute is not None, derivation.sql
        for row, values in zip(made, wanted, strict=True):
            got, want = compute(row), values[derivation.name]
            assert repr(got) == repr(want), (derivation.sql, row)


@pytest.mark.parametrize(
    "sql",
    [
        "{x} + {z}",
        "{n} > 1.5",
        "{n} * 0.5",
        "1 + 1",
        "{x} % 2",
        "LN({x})",
        "{x} = 'a'",
        "current_date",
        "{x}; DROP TABLE features",
        "{n} BETWEEN 1 AND 2",
        "{n} + TRUE",
        "(" * 60 + "{x}" + ")" * 60,
        "{x} +",
        "CASE WHEN {x} THEN 1 END",
        "1e3 + {x}",
        "",
    ],
)
def test_what_is_not_plain_is_left_to_duckdb(sql: str) -> None:
    """Other features, types, functions and statements."""
    names = {short: f'"{name}"' for name, short in FEATURES.items()} | {"z": '"z"'}
    types = {feature.name: feature.type for feature in plan().features}
    for kind in ("DOUBLE", "BIGINT", "BOOLEAN"):
        assert plain_expression(sql.format(**names), kind, types) is None
