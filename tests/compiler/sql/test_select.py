"""Queries over several lines: what sqlglot would make of them, in every dialect."""

from __future__ import annotations

import pytest
import sqlglot

from support.cases import CASES
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.sql.dialects import DIALECTS
from tilewright_compiler.sql.select import Select
from tilewright_compiler.tile_sql.queries import TileQueries

PLANS = {plan.name: plan for plan in compile_paths(sorted(CASES.glob("*.py"))).plans}


def queries(plan: Plan, dialect: str) -> list[Select]:
    """All that the targets ask for, or nothing where the dialect cannot compute the plan's
    tiles.
    """
    made = TileQueries(plan, DIALECTS[dialect])
    if made.unsupported():
        return []
    of_sources = [made.events(source, "given") for source in plan.sources]
    if dialect == "spark":  # its jobs take the columns from what files hold
        of_sources += [
            query
            for source in plan.sources
            for query in (made.typed(source, "raw"), made.events(source, "typed", True))
        ]
    return [
        *of_sources,
        *(made.tiles("events", level.size_ms) for level in plan.levels),
        made.refused("events"),
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_sqlglot_would_lay_it_out_the_same(dialect: str) -> None:
    """A statement that sqlglot reads and writes as a whole, with all that it changes in whole
    statements, stays as it is.
    """
    texts = [
        "\n".join(query.lines()) for plan in PLANS.values() for query in queries(plan, dialect)
    ]
    assert len(texts) > 10
    assert [
        sqlglot.parse_one(text, read=dialect).sql(dialect, pretty=True) for text in texts
    ] == texts


def test_a_query_of_a_query() -> None:
    """Each part of a statement has its lines, and a query in brackets is indented."""
    inner = Select("duckdb", (("*", None), ("a + 1", "b")), "t", alias="u", where="a > 0")
    outer = Select("duckdb", (("b", None), ("COUNT(*)", "n")), inner, alias="v", group_by=("b",))
    assert outer.lines() == [
        "SELECT",
        "  b,",
        "  COUNT(*) AS n",
        "FROM (",
        "  SELECT",
        "    *,",
        "    a + 1 AS b",
        "  FROM t AS u",
        "  WHERE",
        "    a > 0",
        ") AS v",
        "GROUP BY",
        "  b",
    ]


def test_a_literal_of_several_lines_is_not_indented() -> None:
    """What a literal holds after a line break stays as it is, also in a query within another."""
    inner = Select("duckdb", (("'one\n two'", "x"),), "t")
    assert (
        "\n".join(Select("duckdb", (("x", None),), inner).lines())
        == "SELECT\n  x\nFROM (\n  SELECT\n    'one\n two' AS x\n  FROM t\n)"
    )
