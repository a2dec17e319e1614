"""What targets write: whatever an author's texts hold, it is still the language that its file is
named for.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import yaml

from support.cases import CASES
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.output import load_targets, render, target_names

HOSTILE = CASES / "hostile_names.py"

#: ending of a file's name -> what raises if it is not of that language; SQL of other engines is
#: read in their own tests
_READ: dict[str, Callable[[str], object]] = {
    ".json": json.loads,
    ".py": ast.parse,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
}


@pytest.mark.parametrize("name", target_names())
def test_hostile_texts_break_no_file(name: str) -> None:
    """Quotes, line breaks, comment signs and template syntax of an author are data in every file,
    or the target refuses the plan.
    """
    (plan,) = compile_paths([HOSTILE]).plans
    (target,) = load_targets([name], "duckdb" if name == "sql" else None).values()
    if getattr(target, "unsupported", lambda _: [])(plan):
        return
    rendered = render([plan], [target])
    for path, text in rendered.items():
        _READ.get(Path(path).suffix, str)(text)
    if name in ("duckdb", "sql"):
        statements = [
            one
            for path, text in rendered.items()
            if path.endswith(".sql")
            for one in duckdb.extract_statements(text)
        ]
        assert {statement.type.name for statement in statements} <= {"CREATE", "SELECT"}
