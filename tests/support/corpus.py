"""The corpus: Spark SQL expressions over adversarial values, and what Spark gives for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tilewright_compiler.frontend.column_types import duckdb_type

CORPUS = Path(__file__).parents[1] / "corpus"
FAMILIES = sorted(path.stem for path in (CORPUS / "expressions").glob("*.txt"))


@dataclass(frozen=True)
class Rows:
    """Rows of a table: its columns' Spark types, and the cells of each row as JSON has them."""

    name: str
    types: dict[str, str]
    cells: list[list[Any]]


@dataclass(frozen=True)
class Case:
    """An expression over a table of rows.

    `reference` is what Spark computes for it, another expression where ours differs by design.
    A case with `refused` is none that the compiler takes.
    """

    rows: str
    expression: str
    reference: str
    refused: bool


@dataclass(frozen=True)
class Recorded:
    """What Spark gave for an expression: its type and a value for each row, as `plain` has them."""

    type: str
    values: list[Any]


@dataclass(frozen=True)
class Values:
    """Spark's values of a family of expressions, and the version of the Spark that gave them."""

    spark: str
    cases: dict[tuple[str, str], Recorded]


@cache
def rows(name: str) -> Rows:
    """Read a table of rows."""
    types, *cells = (
        json.loads(line)
        for line in (CORPUS / "rows" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    )
    return Rows(name, types, cells)


#: Types that only features have.
_OF_FEATURES = {
    "map<string,bigint>": "MAP(VARCHAR, BIGINT)",
    "map<bigint,bigint>": "MAP(BIGINT, BIGINT)",
    "array<struct<item:string,count:bigint>>": "STRUCT(item VARCHAR, count BIGINT)[]",
}


def columns(name: str) -> dict[str, str]:
    """Give the columns of a table of rows, with their DuckDB types."""
    types = rows(name).types
    return {column: _OF_FEATURES.get(kind) or duckdb_type(kind) for column, kind in types.items()}


@cache
def read(family: str) -> tuple[Case, ...]:
    """Read the expressions of a family."""
    return tuple(_cases((CORPUS / "expressions" / f"{family}.txt").read_text(encoding="utf-8")))


def _cases(text: str) -> Iterator[Case]:
    table = ""
    for line in text.splitlines():
        if line.startswith("["):
            table = line.strip("[]")
        elif line and not line.startswith("#"):
            refused = line.startswith("! ")
            expression, _, reference = line.removeprefix("! ").partition(" ==> ")
            yield Case(table, expression, reference or expression, refused)


@cache
def recorded(family: str) -> Values:
    """Read what Spark gave for the expressions of a family."""
    path = CORPUS / "spark" / f"{family}.jsonl"
    head, *lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    cases = {(table, text): Recorded(kind, values) for table, text, kind, values in lines}
    return Values(head["spark"], cases)


@cache
def recorded_of(case: Case) -> Recorded:
    """Give what Spark gave for an expression, whatever family it is in."""
    found = (recorded(family).cases.get((case.rows, case.expression)) for family in FAMILIES)
    return next(one for one in found if one is not None)


def save(family: str, values: Values) -> None:
    """Write what Spark gave for the expressions of a family."""
    lines: list[Any] = [{"spark": values.spark}]
    lines += [[*case, found.type, found.values] for case, found in values.cases.items()]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (CORPUS / "spark" / f"{family}.jsonl").write_text(text, encoding="utf-8")
