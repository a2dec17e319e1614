"""The corpus of expressions as derivations: an answer has the value that Spark gave."""

from __future__ import annotations

from typing import Any

import pytest

from support.corpus import FAMILIES, Case, read, recorded_of, rows
from support.corpus_duckdb import Corpus, same
from tilewright import Aggregation, Derivation, EventSource, GroupBy, Operation, Query
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.fetch.derivations import Derivations

#: Tables whose columns can be features; lists and maps are answers of other operations.
TABLES = ("decimals", "extremes", "mixed", "texts", "times")


def cases(table: str) -> list[Case]:
    """List the expressions over a table that both an event and an answer may hold."""
    all_cases = [case for family in FAMILIES for case in read(family)]
    return [case for case in all_cases if case.rows == table and not case.refused]


def plan(table: str, derived: list[Case]) -> Plan:
    """Compile a GroupBy whose features are the table's columns."""
    schema = rows(table).types | {"user": "string", "ms": "bigint"}
    source = EventSource(schema=schema, query=Query(time_column="ms"))
    features = [
        Aggregation(input_column=name, operation=Operation.LAST, name=name)
        for name in rows(table).types
    ]
    derivations = [
        Derivation(name=f"derived_{at}", expression=case.expression)
        for at, case in enumerate(derived)
    ]
    group_by = GroupBy(
        sources=[source],
        keys=["user"],
        tiling_enabled=True,
        aggregations=features,
        derivations=derivations,
    )
    return compile_group_by(group_by, name="corpus")


@pytest.mark.parametrize("table", TABLES)
def test_derivations_have_the_values_of_spark(table: str) -> None:
    """Each expression over the features of an answer gives what Spark gave for that row."""
    derived = cases(table)
    derivations = Derivations(plan(table, derived))
    corpus = Corpus()
    found = derivations.of(corpus.answers(table))
    corpus.close()
    wrong: dict[str, Any] = {}
    for at, case in enumerate(derived):
        spark = recorded_of(case)
        for answer, other in zip(found, spark.values, strict=True):
            if not same(answer[f"derived_{at}"], other, spark.type):
                wrong[case.expression] = (answer[f"derived_{at}"], other)
    assert wrong == {}
