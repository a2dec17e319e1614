"""`tilewright spark-job`: run the jobs of `compile --target spark`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from .child import print_submission, status_of


@click.command("spark-job", context_settings={"ignore_unknown_options": True})
@click.argument("plan")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[JOB OPTIONS]...")
@click.option(
    "--stream", is_flag=True, help="Run stream.py, which follows new events, instead of job.py."
)
@click.option(
    "--submit",
    "master",
    metavar="MASTER",
    help="Print the command that submits the job to a cluster, and run nothing.",
)
@click.pass_context
def spark_job(
    ctx: click.Context, plan: str, arguments: tuple[str, ...], stream: bool, master: str | None
) -> None:
    """Run the Spark job of PLAN on this machine.

    PLAN is a folder that was compiled with --target spark. All other options go to the job, such as
    --store URL, --events and, for a stream, --checkpoint DIR. The exit status is the job's.
    """
    from ..errors import PlanError
    from ..plans import load_plan

    load_plan(plan)
    folder = Path(plan) if Path(plan).is_dir() else Path(plan).parent
    script = folder / "spark" / ("stream.py" if stream else "job.py")
    if not script.exists():
        raise PlanError(f"{script}: there is no such job. Compile the GroupBy with --target spark.")
    if master is not None:
        print_submission(["spark-submit", "--master", master, str(script)], arguments)
        return
    # The workers import what this process imports, also where it is not installed.
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {"PYSPARK_PYTHON": sys.executable, **os.environ, "PYTHONPATH": paths}
    ctx.exit(status_of([sys.executable, str(script), *arguments], environment))
