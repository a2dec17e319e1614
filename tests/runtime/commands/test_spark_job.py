"""`tilewright spark-job`: what it starts, and what it says where there is nothing to start."""

from __future__ import annotations

from pathlib import Path

from support.cli import Desk
from support.session import simple_plan
from tilewright_compiler.targets import spark


def test_a_plan_without_jobs_says_how_to_get_them(tmp_path: Path) -> None:
    """A folder that was compiled without the target has none."""
    ran = Desk(tmp_path).run("spark-job", tmp_path, "--store", "memory:")
    assert (ran.status, ran.out) == (1, "")
    assert (
        ran.err
        == f"error: {tmp_path}/spark/job.py: there is no such job. Compile the GroupBy with "
        "--target spark.\n"
    )


def test_the_command_for_a_cluster_is_printed(tmp_path: Path) -> None:
    """--submit prints one command that a shell can run, with the job's own options, and runs
    nothing.
    """
    desk = Desk(tmp_path)
    for name, text in spark.files(simple_plan()).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    ran = desk.run(
        "spark-job", tmp_path, "--stream", "--submit", "yarn", "--store", "lmdb:my tiles", "--once"
    )
    assert ran.status == 0
    assert (
        ran.out
        == f"spark-submit --master yarn {tmp_path}/spark/stream.py --store 'lmdb:my tiles' --once\n"
    )
