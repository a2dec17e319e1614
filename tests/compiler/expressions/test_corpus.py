"""The corpus of expressions: DuckDB gives what Spark gave, or the compiler refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version

import pytest
import sqlglot
from sqlglot import exp

from support.corpus import FAMILIES, Case, columns, read, recorded, rows
from support.corpus_duckdb import Corpus
from tilewright_compiler.expressions.binder import Binder
from tilewright_compiler.expressions.parsing import ExpressionError
from tilewright_compiler.expressions.spark.functions import ACCEPTED, BY_NAME
from tilewright_compiler.sql.spark import reading

#: Rows that each function has at least.
LEAST = 30


@cache
def binder() -> Binder:
    return Binder()


@pytest.fixture(scope="module")
def corpus() -> Iterator[Corpus]:
    opened = Corpus()
    yield opened
    opened.close()


def accepted(family: str) -> list[Case]:
    return [case for case in read(family) if not case.refused]


@pytest.mark.parametrize("family", FAMILIES)
def test_values_are_those_of_spark(family: str, corpus: Corpus) -> None:
    """Each expression has, in every row, the value that Spark gave."""
    wrong = {}
    for case in accepted(family):
        typed = binder().bind(case.expression, "spark", columns(case.rows))
        if found := corpus.disagreements(case, typed.sql, typed.type):
            wrong[case.rows, case.expression] = found[:3]
    assert wrong == {}


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_refused(family: str) -> None:
    """What no engine of ours computes as Spark does is an error of compilation."""
    for case in read(family):
        if case.refused:
            with pytest.raises(ExpressionError) as refused:
                binder().bind(case.expression, "spark", columns(case.rows))
            assert refused.value.code in {"TW023", "TW024", "TW025"}, case.expression


@pytest.mark.parametrize("family", FAMILIES)
def test_values_were_recorded_by_the_spark_that_is_installed(family: str) -> None:
    """A newer Spark is asked again before it is trusted: scripts/spark-corpus."""
    assert recorded(family).spark == version("pyspark")
    asked = {(case.rows, case.expression) for case in accepted(family)}
    assert set(recorded(family).cases) >= asked


def test_every_function_is_tried_on_many_rows() -> None:
    """Each function and operator that is accepted stands in expressions over 30 rows or more."""
    tried: Counter[object] = Counter()
    for case in (case for family in FAMILIES for case in accepted(family)):
        tree = sqlglot.parse_one(case.expression, read=reading("spark"))
        names = {node.name.lower() for node in tree.find_all(exp.Anonymous)}
        for kind in {*(type(node) for node in tree.walk()), *names}:
            tried[kind] += len(rows(case.rows).cells)
    kinds = {kind: tried[kind] for kind in [*ACCEPTED, *BY_NAME]}
    assert {str(kind): count for kind, count in kinds.items() if count < LEAST} == {}
