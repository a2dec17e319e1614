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
from tilewright import Aggregation, EventSource, GroupBy, Operation, Query
from tilewright_compiler.compile import compile_group_by, compile_paths
from tilewright_compiler.output import left_over, load_targets, render, target_names, write
from tilewright_compiler.plan.model import Plan

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


def test_nothing_is_written_through_a_link_that_leads_out(tmp_path: Path) -> None:
    """A link inside the folder is no way out of it."""
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    (out / "clicks").symlink_to(elsewhere)
    with pytest.raises(PermissionError, match="leads out of"):
        write(str(out), {"clicks/plan.json": "{}"})
    with pytest.raises(PermissionError, match="leads out of"):
        write(str(out), {"../plan.json": "{}"})
    assert list(elsewhere.iterdir()) == []


def test_a_folder_of_a_name_in_another_case_is_not_written_beside(tmp_path: Path) -> None:
    """Where case is ignored, one of two plans would be written over the other."""
    write(str(tmp_path), {"a.users/plan.json": "{}"})
    write(str(tmp_path), {"a.users/plan.json": "{ }"})
    with pytest.raises(FileExistsError, match=r"a\.users is there, and some file systems"):
        write(str(tmp_path), {"a.Users/plan.json": "{}"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.users"]


def test_plans_that_no_group_by_makes_are_left_over(tmp_path: Path) -> None:
    """A GroupBy that was renamed leaves its folder: of its module, or of all where all is there."""
    for name in ("clicks.old", "other.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "plan.json").touch()
    plans = [made_named("clicks.new")]
    assert left_over(str(tmp_path), plans, is_whole=False) == ["clicks.old/plan.json"]
    assert len(left_over(str(tmp_path), plans, is_whole=True)) == 2


def made_named(name: str) -> Plan:
    """A small plan of a name."""
    return compile_group_by(
        GroupBy(
            name=name,
            sources=[
                EventSource(schema={"k": "string", "ts": "bigint"}, query=Query(time_column="ts"))
            ],
            keys=["k"],
            aggregations=[
                Aggregation(input_column="k", operation=Operation.COUNT, windows=["1h", "2h", "3h"])
            ],
        )
    )
