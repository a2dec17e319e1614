"""Flink SQL as sqlglot writes it for us."""

from __future__ import annotations

import pytest
from sqlglot import exp

from tilewright_compiler.sql.flink import Flink, plain_cast


@pytest.mark.parametrize(
    ("duckdb_type", "written"),
    [
        ("VARCHAR", "STRING"),
        ("BIGINT", "BIGINT"),
        ("DECIMAL(10,2)", "DECIMAL(10, 2)"),
        ("DATE", "DATE"),
        ("BOOLEAN", "BOOLEAN"),
    ],
)
def test_types_have_flinks_names(duckdb_type: str, written: str) -> None:
    """A type is written by the name that Flink has for it."""
    tree = plain_cast(exp.column("a`b", quoted=True), duckdb_type)
    assert tree.sql(Flink, identify=True) == f"CAST(`a``b` AS {written})"


def test_its_generator_is_sqlglots_own() -> None:
    """Where a compiled sqlglot is installed, a generator that derives from its own cannot be
    made.
    """
    assert Flink.generator_class.__module__.startswith("sqlglot.")
