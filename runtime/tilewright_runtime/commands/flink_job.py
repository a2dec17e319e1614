"""`tilewright flink-job`: start the generated Flink job of a plan."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import click

from tilewright.suggestions import nearest_name

from ..errors import JobError, installation_of
from .child import print_submission, status_of


@click.command("flink-job", context_settings={"ignore_unknown_options": True})
@click.option(
    "--conf",
    required=True,
    metavar="NAME",
    help="The GroupBy's name, or its last word if no other has it, or the folder of its plan.",
)
@click.option(
    "--tiling",
    type=bool,
    default=True,
    show_default=True,
    help="Always true: generated jobs keep tiles.",
)
@click.option(
    "--out",
    default="compiled",
    show_default=True,
    metavar="DIR",
    help="The folder that `tilewright compile` wrote to.",
)
@click.option(
    "--python",
    metavar="FILE",
    help="A Python with apache-flink. Default: this one, or TILEWRIGHT_FLINK_PYTHON.",
)
@click.option(
    "--submit",
    is_flag=True,
    help="Print the command that submits the job to a cluster; start nothing.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def flink_job(
    conf: str, tiling: bool, out: str, python: str | None, submit: bool, arguments: tuple[str, ...]
) -> None:
    """Start a plan's Flink job, or print its submission.

    ARGUMENTS go to the job itself, such as --store URL; `python flink/job.py --help` lists them.
    """
    if not tiling:
        raise click.UsageError(
            "--tiling false: generated jobs keep tiles. Leave it out, or say --tiling true."
        )
    script = _script(conf, out)
    if submit:
        executable = python or "PYTHON"
        command = ["flink", "run", "--python", str(script)]
        command += ["--pyExecutable", executable, "--pyClientExecutable", executable]
        print_submission(command, arguments)
        return
    interpreter = python or _python()
    try:
        raise SystemExit(status_of([interpreter, str(script), *arguments]))
    except OSError as wrong:
        raise JobError(
            f"{interpreter} cannot be started ({wrong.strerror}). Name a Python that has Flink "
            "with --python."
        ) from None


def _script(conf: str, out: str) -> Path:
    folder = _folder(conf, Path(out))
    script = folder / "flink" / "job.py"
    if not script.exists():
        raise JobError(f"{script}: there is no job. {_advice(Path(out), conf)}")
    return script


def _folder(conf: str, out: Path) -> Path:
    """Find a plan's folder by path or name.

    A name is the plan's, or that of its variable. Raises JobError if several plans have a variable
    of this name.
    """
    if (Path(conf) / "plan.json").exists():
        return Path(conf)
    if (out / conf / "plan.json").exists():
        return out / conf
    plans = sorted(file.parent for file in out.glob("*/plan.json"))
    called = [folder for folder in plans if folder.name.rpartition(".")[2] == conf]
    if len(called) > 1:
        names = ", ".join(folder.name for folder in called)
        raise JobError(f"--conf {conf}: several plans are called so. Say which: {names}.")
    return called[0] if called else out / conf


def _advice(out: Path, conf: str) -> str:
    """Suggest the job that was meant, or its making."""
    jobs = [file.parents[1].name for file in out.glob("*/flink/job.py")]
    if near := nearest_name(conf, jobs):
        return f"Did you mean --conf {near}?"
    return f"Write it with: tilewright compile PATH --target flink --out {out}"


def _python() -> str:
    if named := os.environ.get("TILEWRIGHT_FLINK_PYTHON"):
        return named
    if importlib.util.find_spec("pyflink") is not None:
        return sys.executable
    raise JobError(
        "this Python has no Flink. Give Flink an environment of its own, since it needs older "
        "libraries, and pass --python flink-env/bin/python: python3.12 -m venv flink-env && "
        f"{installation_of('flink', pip='flink-env/bin/pip')}."
    )
