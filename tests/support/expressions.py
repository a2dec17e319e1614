"""The table of Spark expressions with their values, and the row that they are of."""

from __future__ import annotations

from pathlib import Path

ROW = {
    "i": ("INTEGER", "7"),
    "n": ("BIGINT", "-5"),
    "z": ("INTEGER", "0"),
    "d": ("DOUBLE", "2.5"),
    "e": ("DOUBLE", "-2.5"),
    "m": ("DECIMAL(10,2)", "12.75"),
    "yes": ("BOOLEAN", "true"),
    "s": ("VARCHAR", "'abc'"),
    "w": ("VARCHAR", "' 12.7 '"),
    "c": ("VARCHAR", "'a,b,,'"),
    "j": ("VARCHAR", '\'{"a": {"b": "x"}, "n": 3}\''),
    "k": ("VARCHAR", "'a_c'"),
    "u": ("VARCHAR", "NULL"),
    "t": ("TIMESTAMP WITH TIME ZONE", "'2024-01-07 10:30:00.250Z'"),
    "day": ("DATE", "'2024-01-31'"),
    "xs": ("BIGINT[]", "[3, 1, NULL, 2]"),
    "nx": ("BIGINT[]", "NULL"),
    "ws": ("VARCHAR[]", "['p', 'q', NULL]"),
    "mp": ("MAP(VARCHAR, BIGINT)", "MAP {'a': 4, 'b': 8}"),
    "nm": ("MAP(VARCHAR, BIGINT)", "NULL"),
    "top": ("STRUCT(item VARCHAR, count BIGINT)[]", "[{'item': 'x', 'count': 5}]"),
}
COLUMNS = {name: kind for name, (kind, _) in ROW.items()}
LINES = [
    line
    for line in (Path(__file__).parents[1] / "compiler" / "expressions" / "expressions.txt")
    .read_text(encoding="utf-8")
    .splitlines()
    if " => " in line
]
