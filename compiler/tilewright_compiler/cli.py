"""The commands `tilewright compile` and `tilewright schema`."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from .frontend.cycles import rarely_collected

if TYPE_CHECKING:
    from .compile import Compilation
    from .frontend.config import Config
    from .frontend.diagnostics import Diagnostic
    from .output import Target
    from .plan.model import Plan


@click.command("compile")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--out", default="compiled", show_default=True, metavar="DIR", help="Folder to write to."
)
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    help="Configuration (YAML). Default: tilewright.yaml beside PATH.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME",
    help="What to generate beside the plan; may be repeated. Default: duckdb.",
)
@click.option(
    "--dialect",
    metavar="NAME",
    help="The dialect of --target sql, such as bigquery, snowflake, trino or clickhouse.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; fail if a file on disk is not what would be written.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Fail if a budget is broken: of edge errors, of tiles or of bytes a request.",
)
@click.option(
    "--allow-incompatible",
    is_flag=True,
    help="Replace an online plan even if its stored tiles do not fit the new one.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to report.",
)
@rarely_collected()
def compile_command(
    paths: tuple[str, ...],
    out: str,
    config_file: str | None,
    targets: tuple[str, ...],
    dialect: str | None,
    check: bool,
    strict: bool,
    allow_incompatible: bool,
    form: str,
) -> None:
    """Compile the GroupBys of files and folders to plans.

    Writes DIR/<name>/plan.json and the files of each target.
    """
    from tilewright.suggestions import nearest

    from .output import load_targets, target_names

    targets = tuple(dict.fromkeys(targets)) or ("duckdb",)
    if unknown := [name for name in targets if name not in target_names()]:
        raise click.UsageError(
            f"there is no target {unknown[0]!r}. {nearest(unknown[0], target_names())}"
        )
    try:
        loaded = load_targets(targets, dialect)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    outcome = _Outcome(out, check, strict)
    _run(outcome, paths, config_file, loaded, allow_incompatible)
    (_show_json if form == "json" else _show_text)(outcome)
    if outcome.failure is not None:
        raise SystemExit(1)


@dataclass
class _Outcome:
    """The outcome of a compilation.

    `failure` says in a line why nothing was written, or what differs.
    """

    out: str
    check: bool
    strict: bool
    plans: list[Plan] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    failure: str | None = None


def _run(
    outcome: _Outcome,
    paths: tuple[str, ...],
    config_file: str | None,
    targets: dict[str, Target],
    allow_incompatible: bool,
) -> None:
    """Compile, and write the files or compare them."""
    from .compile import compile_paths
    from .frontend.diagnostics import CompileError
    from .output import render, write

    try:
        compilation = compile_paths(paths, _config(paths, config_file))
    except CompileError as error:
        outcome.diagnostics = error.diagnostics
        outcome.failure = _count(error.diagnostics)
        return
    _judge(outcome, compilation, targets, allow_incompatible)
    if outcome.failure is not None:
        return
    rendered = render(compilation.plans, targets.values())
    if outcome.check:
        is_whole = any(os.path.isdir(path) for path in paths)
        _compare_files(outcome, compilation.plans, rendered, is_whole)
    else:
        try:
            write(outcome.out, rendered)
        except OSError as error:
            outcome.failure = (
                f"{error.filename or outcome.out} cannot be written: {error.strerror}. Choose "
                "another folder with --out."
            )
            return
    outcome.plans = compilation.plans


def _judge(
    outcome: _Outcome,
    compilation: Compilation,
    targets: dict[str, Target],
    allow_incompatible: bool,
) -> None:
    """Note all problems, and whether they forbid writing."""
    from .frontend.catalogue import BUDGETS
    from .humanize import counted
    from .output import endangered, unsupported

    problems = unsupported(compilation, targets)
    if not (compilation.errors or problems or outcome.check or allow_incompatible):
        problems = endangered(outcome.out, compilation.plans)
    outcome.diagnostics = sorted([*compilation.diagnostics, *problems])
    problems = [*compilation.errors, *problems]
    broken = [problem for problem in outcome.diagnostics if problem.code in BUDGETS]
    if problems:
        outcome.failure = _count(problems)
    elif outcome.strict and broken:
        outcome.failure = f"--strict: {counted(len(broken), 'budget')} broken; nothing was written"


def _compare_files(
    outcome: _Outcome, plans: list[Plan], rendered: dict[str, str], is_whole: bool
) -> None:
    """Note the files on disk that would change."""
    from .output import differing, left_over

    stale, gone = differing(outcome.out, rendered), left_over(outcome.out, plans, is_whole)
    outcome.stale = [f"{outcome.out}/{path}" for path in [*stale, *gone]]
    failures = []
    if stale:
        failures.append(
            f"{len(stale)} of {len(rendered)} files differ. Run the same command without --check."
        )
    if gone:
        folders = ", ".join(f"{outcome.out}/{path.partition('/')[0]}" for path in gone)
        failures.append(f"No GroupBy makes {folders}. Delete what is no longer wanted.")
    if failures:
        outcome.failure = " ".join(failures)


@click.command("schema")
@click.argument("name", type=click.Choice(["config", "plan"]))
def schema_command(name: str) -> None:
    """Print the JSON Schema of the configuration or a plan."""
    from .frontend.json_schema import json_schema

    click.echo(json.dumps(json_schema(name), indent=2, ensure_ascii=False))


def _config(paths: tuple[str, ...], given: str | None) -> Config | None:
    from .frontend.config import find_config, load_config

    path = find_config(paths) if given is None else given
    return None if path is None else load_config(path)


def _count(errors: list[Diagnostic]) -> str:
    problems, files = len(errors), len({problem.file for problem in errors})
    return (
        f"{problems} problem{'s' * (problems != 1)} in {files} file{'s' * (files != 1)}; "
        "nothing was written"
    )


def _say(text: str, is_error: bool = False) -> None:
    """Print a text without the passwords of URLs."""
    from tilewright.errors import without_passwords

    click.echo(without_passwords(text), err=is_error)


def _show_text(outcome: _Outcome) -> None:
    for problem in outcome.diagnostics:
        _say(str(problem), is_error=True)
    for path in outcome.stale:
        _say(f"{path} is not what would be written", is_error=True)
    if outcome.failure is not None:
        _say(f"error: {outcome.failure}", is_error=True)
        return
    for plan in outcome.plans:
        became = "unchanged in" if outcome.check else "->"
        _say(f"{_summary(plan)} {became} {outcome.out}/{plan.name}")
        for line in _recommendations(plan):
            _say(f"  {line}")


def _summary(plan: Plan) -> str:
    """Sum up a plan in one line."""
    from tilewright.windows import format_duration

    from .humanize import counted, format_bytes, requested

    levels = ", ".join(format_duration(level.size_ms) for level in plan.levels)
    parts = [f"tiles of {levels}"] if levels else []
    if plan.events is not None:
        parts.append(f"raw events in chunks of {format_duration(plan.events.size_ms)}")
    request = f"{requested(plan.cost.typical)} ({format_bytes(plan.cost.typical.bytes)}) a request"
    return (
        f"{plan.name}: {counted(len(plan.features), 'feature')}, {' and '.join(parts)}, {request}"
    )


def _recommendations(plan: Plan) -> list[str]:
    """List the advice for each window, if entity_stats are known."""
    from tilewright.windows import format_duration

    lines: list[str] = []
    for advice in plan.cost.recommendations:
        window, size = format_duration(advice.window_ms), format_duration(advice.size_ms)
        figures = (
            f"{advice.events_per_tile:,.4g} events per tile, "
            f"{advice.tiles_per_window:,.4g} tiles per window"
        )
        lines.append(f"{window} over {size}: {advice.tiling} ({figures})")
    return lines


def _show_json(outcome: _Outcome) -> None:
    """Print plans, problems and any failure as one JSON object."""
    document = {
        "plans": [_plan_document(plan, outcome.out) for plan in outcome.plans],
        "diagnostics": [problem.document() for problem in outcome.diagnostics],
        "differing": outcome.stale,
        "failure": outcome.failure,
    }
    _say(json.dumps(document, indent=2, ensure_ascii=False))


#: What the JSON output has of a plan.
_SHOWN = ("name", "fingerprint", "storage_fingerprint", "online", "levels", "cost")


def _plan_document(plan: Plan, out: str) -> dict[str, Any]:
    content = plan.model_dump()
    return {
        "path": f"{out}/{plan.name}/plan.json",
        **{name: content[name] for name in _SHOWN},
        "features": [feature.name for feature in plan.features],
    }
