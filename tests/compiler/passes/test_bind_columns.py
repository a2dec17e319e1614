"""Expressions of many files are bound together, and each file has its own mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tilewright_compiler.compile import compile_paths

AUTHOR_FILE = """
from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select

source = EventSource(
    table="clicks.parquet",
    schema={{"user": "string", "price": "{price}", "ts": "timestamp"}},
    query=Query(selects=select("user", x="{x}"), wheres=["{where}"], time_column="ts"),
)
total = Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"])
hourly = GroupBy(sources=[source], keys=["user"], tiling_enabled=True, aggregations=[total])
"""


def test_a_mistake_stays_in_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong expression is reported at its own file, and all others have their types."""
    monkeypatch.chdir(tmp_path)
    for name, price, x, where in (
        ("a", "double", "price * 2", "price > 0"),
        ("b", "double", "price * nosuch", "price > 0"),
        ("c", "double", "price + 1", "upper(user)"),
        ("d", "decimal(9,2)", "price * 2", "price > 0"),
    ):
        text = AUTHOR_FILE.format(price=price, x=x, where=where)
        Path(f"{name}.py").write_text(text, encoding="utf-8")
    compilation = compile_paths(["."])
    assert [(d.file, d.code) for d in compilation.diagnostics] == [
        ("b.py", "TW020"),
        ("c.py", "TW026"),
    ]
    # The product has 9 + 1 + 1 digits, and the sum ten more.
    types = {plan.name: plan.features[0].type for plan in compilation.plans}
    assert types == {"a.hourly": "DOUBLE", "d.hourly": "DECIMAL(21,2)"}
