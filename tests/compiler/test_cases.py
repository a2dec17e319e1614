"""Small author files: the diagnostics of broken ones, and the plans and SQL of sound ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from support.cases import CASES
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.frontend.catalogue import CATALOGUE
from tilewright_compiler.output import load_targets, render
from tilewright_runtime.testing.snapshots import file_snapshot

BROKEN = sorted(path.stem for path in CASES.glob("*.txt"))
SOUND = sorted({path.stem for path in CASES.glob("*.py")} - set(BROKEN))


@pytest.fixture(autouse=True)
def _in_the_cases_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)


@pytest.mark.parametrize("case", BROKEN)
def test_diagnostics(case: str) -> None:
    """Every mistake of a file is reported at its line, and nothing else is."""
    found = "".join(f"{problem}\n" for problem in compile_paths([f"{case}.py"]).diagnostics)
    assert found == Path(f"{case}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", SOUND)
def test_plan(case: str, plan_snapshot: SnapshotAssertion) -> None:
    """The plan of a file is what a reviewer has read."""
    compilation = compile_paths([f"{case}.py"])
    assert compilation.diagnostics == []
    (plan,) = compilation.plans
    assert plan == plan_snapshot


@pytest.mark.parametrize("case", SOUND)
def test_duckdb_sql(case: str, snapshot: SnapshotAssertion) -> None:
    """The SQL that the writer runs is what a reviewer has read."""
    rendered = render(compile_paths([f"{case}.py"]).plans, load_targets(["duckdb"]).values())
    assert "".join(text for path, text in rendered.items() if path.endswith(".sql")) == snapshot(
        extension_class=file_snapshot("sql")
    )


def test_every_code_has_a_case() -> None:
    """A code that no case shows is one that nobody has read."""
    shown = "".join(path.read_text(encoding="utf-8") for path in CASES.glob("*.txt"))
    elsewhere = {"TW002", "TW003", "TW005", "TW031", "TW042", "TW047", "TW046", "TW050"}
    assert {code for code in CATALOGUE if f": {code} " not in shown} == elsewhere
