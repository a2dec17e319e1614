"""Reading plans: the file, its folder, and every way in which it can be wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from support.session import simple_plan
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import load_plan
from tilewright_runtime.errors import PlanError
from tilewright_runtime.fetch.program import Program
from tilewright_runtime.plans import load_plans


def save(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def document() -> dict[str, Any]:
    found: dict[str, Any] = simple_plan().model_dump()
    return found


def test_a_plan_is_read_from_its_file_or_its_folder(tmp_path: Path) -> None:
    """Both names give the plan that was written."""
    path = save(tmp_path, document())
    assert load_plan(path) == load_plan(tmp_path) == load_plan(str(path)) == simple_plan()


def test_a_plan_that_cannot_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    """The reason of the system is given, and no advice to compile again."""
    (tmp_path / "plan.json").mkdir()
    with pytest.raises(
        PlanError,
        match=r"plan.json: cannot be read \(Is a directory\). Name a plan.json that you may",
    ):
        load_plan(tmp_path)


def test_a_plan_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """The error names the file that was looked for and how one is made."""
    with pytest.raises(
        PlanError, match=r"plan.json: there is no plan. Make one with tilewright compile"
    ):
        load_plan(tmp_path)


@pytest.mark.parametrize("named", ["clicks.by_usr", "clicks.by_usr/plan.json"])
def test_a_misspelt_plan_is_answered_with_the_nearest(tmp_path: Path, named: str) -> None:
    """Its folder, or the file in it."""
    (tmp_path / "clicks.by_user").mkdir()
    save(tmp_path / "clicks.by_user", "{}")
    with pytest.raises(PlanError, match=r"there is no plan. Did you mean .*/clicks\.by_user\?"):
        load_plan(tmp_path / named)


@pytest.mark.parametrize("content", ["", "{", "not json", '{"plan_version": 1'])
def test_a_file_that_is_not_json_is_an_error(tmp_path: Path, content: str) -> None:
    """A cut or other file is no plan."""
    with pytest.raises(PlanError, match=r"plan.json: not a plan"):
        load_plan(save(tmp_path, content))


@pytest.mark.parametrize(
    "content", [[], 5, {}, {"plan_version": 1}, {"plan_version": "1"}, {"plan_version": None}]
)
def test_a_plan_of_another_version_is_an_error(tmp_path: Path, content: Any) -> None:
    """A plan that another version wrote is refused before anything else of it is looked at."""
    with pytest.raises(
        PlanError,
        match=r"plan version .*, but this version of Tilewright reads 2. Compile it again",
    ):
        load_plan(save(tmp_path, content))


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("levels.0.size_ms", lambda plan: plan["levels"][0].update(size_ms="five minutes")),
        ("surprise", lambda plan: plan.update(surprise=1)),
        ("keys", lambda plan: plan.pop("keys")),
        ("features.0.edge", lambda plan: plan["features"][0].update(edge="ragged")),
    ],
)
def test_an_edited_plan_is_an_error_that_says_where(
    tmp_path: Path, where: str, change: Any
) -> None:
    """A part that is missing, unknown or of a wrong type is named, with the advice to compile
    again.
    """
    edited = document()
    change(edited)
    with pytest.raises(
        PlanError, match=rf"plan.json: {where}.*A plan is not edited by hand: compile it again"
    ):
        load_plan(save(tmp_path, edited))


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan["features"][0].update(window_ms=7_200_000),
        lambda plan: plan["levels"][0].update(size_ms=600_000),
        lambda plan: plan["sql"]["events"].update(
            duckdb=plan["sql"]["events"]["duckdb"] | {"tiles": "SELECT 1"}
        ),
        lambda plan: plan.update(name="others"),
    ],
)
def test_an_edit_that_keeps_the_form_is_found_by_the_fingerprint(
    tmp_path: Path, change: Any
) -> None:
    """A plan whose content is not what its fingerprint says was edited by hand, and is refused."""
    edited = document()
    change(edited)
    with pytest.raises(PlanError, match="fingerprint"):
        load_plan(save(tmp_path, edited))


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"plan_version": ' + "9" * 5000 + "}", "\x00", "{", '"\\ud800"']
)
def test_text_that_is_no_json_is_an_error(tmp_path: Path, text: str) -> None:
    """Nesting, numbers and characters that a parser gives up on are not tracebacks."""
    with pytest.raises(PlanError, match=r"plan.json: "):
        load_plan(save(tmp_path, text))


def test_a_plan_that_contradicts_itself_is_an_error(tmp_path: Path) -> None:
    """Also where somebody has given it a fingerprint that fits."""
    edited = document()
    edited["features"][0]["states"] = ["nothing"]
    edited["fingerprint"] = Plan.model_validate(edited).content_fingerprint()
    with pytest.raises(PlanError, match=r"plan.json: features.*'nothing'"):
        load_plan(save(tmp_path, edited))


def test_what_a_program_stumbles_over_is_the_plans() -> None:
    """A finalizer whose number no record has raises an error of ours."""
    edited = document()
    edited["tile_layout"]["columns"].clear()
    with pytest.raises(PlanError, match="the parts of the plan things do not fit each other"):
        Program(Plan.model_validate(edited))


def test_a_folder_of_plans_names_them(tmp_path: Path) -> None:
    """Whoever names the folder that was compiled to is told what is in it."""
    for name in ("b.two", "a.one"):
        (tmp_path / name).mkdir()
        save(tmp_path / name, document())
    with pytest.raises(PlanError, match=r"a folder of plans: name one of them, a.one, b.two\."):
        load_plan(tmp_path)


def test_what_is_no_path_is_no_plan() -> None:
    """The mistake is said, and not that of a library."""
    with pytest.raises(PlanError, match="plan None is no path"):
        load_plan(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/dev/full", "fifo", "a\0b", "a\ud800b", "x" * 5000])
def test_a_path_of_no_file_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A device without an end is not read, and a FIFO is not waited for."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    with pytest.raises(PlanError, match="cannot be read"):
        load_plan(path)
    with pytest.raises(PlanError, match="cannot be read"):
        load_plans([path])
