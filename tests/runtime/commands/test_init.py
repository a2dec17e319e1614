"""`tilewright init`: a repository that works as its README says, and whose tests pass and
guard it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from support.pytests import run_pytest
from tilewright_runtime.cli import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that was just made, in which commands are run."""
    monkeypatch.chdir(tmp_path)
    ran = run("init", "shop")
    assert ran.exit_code == 0
    monkeypatch.chdir("shop")
    return tmp_path / "shop"


def test_a_folder_may_have_a_name_that_is_no_text(tmp_path: Path) -> None:
    """It is printed escaped."""
    ran = CliRunner().invoke(main, ["init", str(tmp_path / os.fsdecode(b"shop\xff"))])
    assert ran.exit_code == 0
    assert "shop\\udcff/README.md" in ran.stdout


def test_what_is_made(repository: Path) -> None:
    """One GroupBy, its events, its test with a plan, a README, and nothing of ours."""
    made = sorted(
        str(path.relative_to(repository)) for path in repository.rglob("*") if path.is_file()
    )
    assert made == [
        ".gitignore",
        "README.md",
        "data/clicks.csv",
        "features/clicks.py",
        "pyproject.toml",
        "tests/__snapshots__/test_clicks/test_plan.json",
        "tests/test_clicks.py",
    ]


def test_its_own_tests_pass(repository: Path) -> None:
    """The tests of a new repository pass, the snapshot of its plan among them."""
    ran = run_pytest(repository)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 passed" in ran.stdout
    assert "1 snapshot passed" in ran.stdout


def test_its_own_tests_guard_the_plan(repository: Path) -> None:
    """A change fails the test, which says what changed, until the snapshot is renewed."""
    declarations = repository / "features" / "clicks.py"
    declarations.write_text(declarations.read_text().replace('"1h", "1d"', '"2h", "1d"'))
    failed = run_pytest(repository, "-k", "test_plan")
    assert failed.returncode == 1
    assert "1 snapshot failed" in failed.stdout
    assert "feature amount_sum_1h is gone: requests no longer answer it" in failed.stdout
    assert "feature amount_sum_2h is new: SUM of amount over 2h, from tiles of" in failed.stdout
    assert run_pytest(repository, "-k", "test_plan", "--snapshot-update").returncode == 0
    assert run("compile", "features").exit_code == 0
    snapshot = repository / "tests/__snapshots__/test_clicks/test_plan.json"
    assert (
        snapshot.read_bytes() == (repository / "compiled/clicks.user_clicks/plan.json").read_bytes()
    )


def test_the_readme_is_right(repository: Path) -> None:
    """Every command of the README works, and the last one prints the features of a user."""
    (block,) = re.findall(r"```sh\n(.*?)```", (repository / "README.md").read_text(), re.DOTALL)
    ran = [run(*shlex.split(line)[1:]) for line in block.splitlines()]
    assert [one.exit_code for one in ran] == [0, 0, 0, 0]
    assert json.loads(ran[-1].stdout)["features"]["amount_sum_1d"] == 14.0


def test_nothing_is_overwritten(repository: Path) -> None:
    """A folder that is not empty is refused and left as it is; an empty one is used."""
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    refused = run("init", ".")
    assert refused.exit_code == 1
    assert (
        refused.stderr
        == "error: . is not empty. Name a new folder: this command overwrites nothing.\n"
    )
    assert {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()} == before
    Path("empty").mkdir()
    assert run("init", "empty").exit_code == 0


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file in the way is said, not shown as a traceback."""
    (tmp_path / "file").write_text("")
    ran = run("init", str(tmp_path / "file" / "shop"))
    assert ran.exit_code == 1
    assert "cannot be written" in ran.stderr


def test_a_password_in_a_folder_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URL is a path too."""
    monkeypatch.chdir(tmp_path)
    ran = run("init", "redis://u:s3cret@h/0")
    assert "s3cret" not in ran.output
    assert "Made redis:/***@h/0." in ran.output
