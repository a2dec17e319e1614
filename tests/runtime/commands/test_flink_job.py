"""`tilewright flink-job`: what it starts, prints and refuses; jobs themselves are in
tests/integration/flink.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tilewright_runtime.cli import main


@pytest.fixture
def conf(tmp_path: Path) -> str:
    """A folder with a job that ends with a status of its own and shows its arguments."""
    (tmp_path / "clicks" / "flink").mkdir(parents=True)
    (tmp_path / "clicks" / "plan.json").write_text("{}")
    (tmp_path / "clicks" / "flink" / "job.py").write_text(
        "import sys; open('arguments', 'w').write(' '.join(sys.argv[1:])); sys.exit(3)"
    )
    return str(tmp_path / "clicks")


def test_the_job_is_started_with_its_options(
    conf: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that are not the command's own, and its status is the job's."""
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(
        main,
        [
            "flink-job",
            "--conf",
            conf,
            "--tiling",
            "true",
            "--python",
            "python3",
            "--store",
            "lmdb:tiles",
        ],
    )
    assert ended.exit_code == 3
    assert (tmp_path / "arguments").read_text() == "--store lmdb:tiles"


def test_a_plan_is_found_by_its_name(
    conf: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the folder that was compiled to."""
    monkeypatch.chdir(tmp_path)
    assert (
        CliRunner()
        .invoke(main, ["flink-job", "--conf", "clicks", "--out", ".", "--python", "python3"])
        .exit_code
        == 3
    )


def test_the_command_for_a_cluster_is_printed(conf: str) -> None:
    """With the Python that was named, on the workers and the client."""
    ended = CliRunner().invoke(
        main,
        [
            "flink-job",
            "--conf",
            conf,
            "--submit",
            "--python",
            "/venv/bin/python",
            "--store",
            "redis://r:6379/0",
        ],
    )
    assert ended.output == (
        f"flink run --python {conf}/flink/job.py --pyExecutable /venv/bin/python "
        "--pyClientExecutable /venv/bin/python --store redis://r:6379/0\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--conf", "nowhere"],
            "there is no job. Write it with: tilewright compile PATH --target flink",
        ),
        (["--tiling", "false"], "--tiling false: generated jobs keep tiles"),
        (
            ["--python", "/nowhere/python"],
            (
                "/nowhere/python cannot be started (No such file or directory). Name a Python that "
                "has Flink"
            ),
        ),
    ],
)
def test_what_cannot_be_started_is_said(conf: str, arguments: list[str], said: str) -> None:
    """In a line with what to do."""
    ended = CliRunner().invoke(
        main, ["flink-job", *([] if "--conf" in arguments else ["--conf", conf]), *arguments]
    )
    assert ended.exit_code != 0
    assert said in " ".join(ended.output.split())


def _compiled(folder: Path, name: str) -> None:
    (folder / "compiled" / name / "flink").mkdir(parents=True)
    (folder / "compiled" / name / "plan.json").write_text("{}")
    (folder / "compiled" / name / "flink" / "job.py").write_text("raise SystemExit(3)")


def test_a_plan_is_found_by_the_last_word_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the specification writes it, where no other plan is called so."""
    monkeypatch.chdir(tmp_path)
    _compiled(tmp_path, "clicks.clicks_tiled")
    _compiled(tmp_path, "orders.orders_tiled")
    arguments = ["flink-job", "--conf=clicks_tiled", "--tiling=true", "--python", "python3"]
    assert CliRunner().invoke(main, arguments).exit_code == 3


def test_plans_that_are_called_alike_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them is started; a full name starts one."""
    monkeypatch.chdir(tmp_path)
    _compiled(tmp_path, "eu.clicks_tiled")
    _compiled(tmp_path, "us.clicks_tiled")
    arguments = ["flink-job", "--tiling=true", "--python", "python3"]
    ended = CliRunner().invoke(main, [*arguments, "--conf=clicks_tiled"])
    assert ended.exit_code == 1
    assert "Say which: eu.clicks_tiled, us.clicks_tiled." in ended.output
    assert CliRunner().invoke(main, [*arguments, "--conf=us.clicks_tiled"]).exit_code == 3
