"""The pytest plugin: what its fixtures give, and what they say where a test is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cases import CASES
from support.plans import AT, aggregations, event_source
from support.pytests import run_pytest
from support.session import SCHEMA, row, simple_plan
from tilewright import GroupBy, Operation
from tilewright_compiler.frontend.diagnostics import CompileError
from tilewright_runtime.testing import CompilePlans, FeaturesOf


def group_by(*sources: str) -> GroupBy:
    counted = aggregations("n", [Operation.COUNT, Operation.SUM])
    return GroupBy(
        sources=[event_source(SCHEMA, name) for name in sources],
        keys=["k"],
        aggregations=counted,
        tiling_enabled=True,
    )


def test_features_of_a_plan(features_of: FeaturesOf) -> None:
    """Events go through a plan in memory, and each call begins with nothing."""
    for _ in range(2):
        assert (
            features_of(simple_plan(), [row("a", 2), row("a", 3), row("b", 5)], {"k": "a"}, AT)[
                "n_sum_1h"
            ]
            == 5
        )


def test_features_of_a_declaration(features_of: FeaturesOf) -> None:
    """A GroupBy is compiled first, and a file of events is read."""
    assert features_of(group_by("events"), [row("a", 2)], {"k": "a"}, "2024-01-04T14:37:25Z") == {
        "n_count_1h": 1,
        "n_sum_1h": 2,
    }


def test_events_of_several_sources(features_of: FeaturesOf) -> None:
    """A dictionary holds the events of each source."""
    events = {"web": [row("a", 2)], "shop": [row("a", 3)]}
    assert features_of(group_by("web", "shop"), events, {"k": "a"}, AT) == {
        "n_count_1h": 2,
        "n_sum_1h": 5,
    }


def test_events_that_cannot_be_used(features_of: FeaturesOf) -> None:
    """They fail the test with their reasons, unless they are expected."""
    events = [row("a", 2), row(None, 3)]
    with pytest.raises(pytest.fail.Exception, match=r"cannot be used: key k is null \(1\)"):
        features_of(simple_plan(), events, {"k": "a"}, AT)
    assert features_of(simple_plan(), events, {"k": "a"}, AT, refuse=True)["n_sum_1h"] == 2


def test_plans_of_files(compile_plans: CompilePlans) -> None:
    """Paths are below the root folder, wherever the test was started; mistakes are raised
    together.
    """
    assert list(compile_plans("tests/compiler/cases/quick_start.py")) == [
        "quick_start.clicks_tiled"
    ]
    assert list(compile_plans(str(CASES / "quick_start.py"), str(CASES / "two_sources.py"))) == [
        "quick_start.clicks_tiled",
        "retail.sales",
    ]
    with pytest.raises(CompileError, match="TW020"):
        compile_plans(str(CASES / "broken_columns.py"))


TEST = """
def test_it(plan_snapshot):
    assert plan_snapshot == {}
"""


def test_a_snapshot_is_of_a_plan(tmp_path: Path) -> None:
    """Comparing anything else is a mistake that is named."""
    (tmp_path / "test_it.py").write_text(TEST)
    ran = run_pytest(tmp_path)
    assert ran.returncode == 1
    assert (
        "TypeError: plan_snapshot compares plans, not dict. Compile the GroupBy first "
        "(compile_plans)." in ran.stdout
    )


def test_without_syrupy(tmp_path: Path) -> None:
    """The plugin does not need syrupy; its snapshot says how to get it."""
    (tmp_path / "test_it.py").write_text(TEST)
    ran = run_pytest(tmp_path, "-p", "no:syrupy")
    assert ran.returncode == 1
    assert (
        "plan_snapshot needs syrupy. Install it with: pip install './tilewright[testing]'"
        in ran.stdout
    )


def test_it_costs_other_projects_nothing(tmp_path: Path) -> None:
    """pytest loads the plugin wherever Tilewright is installed, so loading it imports nothing
    heavy.
    """
    heavy = "{'numpy', 'duckdb', 'pyarrow', 'pydantic', 'sqlglot', 'tilewright_compiler'}"
    (tmp_path / "test_it.py").write_text(
        f"import sys\n\ndef test_it():\n    assert not {heavy} & set(sys.modules)\n"
    )
    assert run_pytest(tmp_path).returncode == 0
