"""The binder: expressions bound together have the types that they have alone."""

from __future__ import annotations

import re

import pytest

from tilewright_compiler.expressions.binder import Binder
from tilewright_compiler.expressions.parsing import ExpressionError

COLUMNS = {"n": "INTEGER", "price": "DOUBLE", "name": "VARCHAR", "d": "DECIMAL(9,2)"}


def test_binding_together_changes_nothing() -> None:
    """Types are those of each expression alone, also beside one that is wrong."""
    texts = ["n", "n + 1", "price > 2", "upper(name)", "d * d", "nosuch + 1", "sum(n)", "n +"]
    together, alone = Binder(), Binder()
    together.bind_together(texts, "spark", COLUMNS)
    for text in texts[:5]:
        assert together.bind(text, "spark", COLUMNS) == alone.bind(text, "spark", COLUMNS)
    for text in texts[5:]:
        with pytest.raises(ExpressionError) as wrong:
            alone.bind(text, "spark", COLUMNS)
        with pytest.raises(ExpressionError, match=re.escape(str(wrong.value))):
            together.bind(text, "spark", COLUMNS)


def test_no_expression_sees_the_columns_of_another() -> None:
    """DuckDB's COLUMNS finds nothing in an expression that reads no column by name."""
    binder = Binder()
    binder.bind_together(["n + 1", "COLUMNS('n')", "price"], "duckdb", COLUMNS)
    with pytest.raises(ExpressionError, match="has no type"):
        binder.bind("COLUMNS('n')", "duckdb", COLUMNS)
