"""The commands `tilewright compile` and `tilewright schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from .compile import Compilation
    from .config import Config
    from .diagnostics import Diagnostic


@click.command("compile")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--out", default="compiled", show_default=True, metavar="DIR", help="Folder to write to.")
@click.option("--config", "config_file", metavar="FILE", help="Configuration (YAML). Default: tilewright.yaml beside PATH.")
@click.option(
    "--target", "targets", multiple=True, metavar="NAME", help="What to generate beside the plan; may be repeated. Default: duckdb."
)
@click.option("--check", is_flag=True, help="Write nothing; fail if a file on disk is not what would be written.")
def compile_command(paths: tuple[str, ...], out: str, config_file: str | None, targets: tuple[str, ...], check: bool) -> None:
    """Compile the GroupBys of files and folders to plans.

    Writes DIR/<name>/plan.json and the files of each target.
    """
    from .compile import compile_paths
    from .output import differing, render, target_names, write

    targets = tuple(dict.fromkeys(targets)) or ("duckdb",)
    if unknown := [name for name in targets if name not in target_names()]:
        raise click.UsageError(f"there is no target {unknown[0]!r}. Known: {', '.join(target_names())}.")
    compilation = compile_paths(paths, _config(paths, config_file))
    _show(compilation.diagnostics)
    if compilation.errors:
        _fail(_count(compilation.errors))
    rendered = render(compilation.plans, targets)
    if not check:
        try:
            write(out, rendered)
        except OSError as error:
            _fail(f"{error.filename or out} cannot be written: {error.strerror}. Choose another folder with --out.")
    elif stale := differing(out, rendered):
        for path in stale:
            click.echo(f"{out}/{path} is not what would be written", err=True)
        _fail(f"{len(stale)} of {len(rendered)} files differ. Run the same command without --check.")
    _report(compilation, out, check)


@click.command("schema")
@click.argument("name", type=click.Choice(["config", "plan"]))
def schema_command(name: str) -> None:
    """Print the JSON Schema of the configuration file or of a plan."""
    import json

    from .json_schemas import json_schema

    click.echo(json.dumps(json_schema(name), indent=2, ensure_ascii=False))


def _config(paths: tuple[str, ...], given: str | None) -> Config | None:
    from .config import find_config, load_config
    from .diagnostics import CompileError

    try:
        path = find_config(paths) if given is None else given
        return None if path is None else load_config(path)
    except CompileError as error:
        _show(error.diagnostics)
        _fail(_count(error.diagnostics))


def _show(diagnostics: list[Diagnostic]) -> None:
    for problem in diagnostics:
        click.echo(str(problem), err=True)


def _count(errors: list[Diagnostic]) -> str:
    problems, files = len(errors), len({problem.file for problem in errors})
    return f"{problems} problem{'s' * (problems != 1)} in {files} file{'s' * (files != 1)}; nothing was written"


def _report(compilation: Compilation, out: str, check: bool) -> None:
    from tilewright.windows import format_duration

    for plan in compilation.plans:
        levels = ", ".join(format_duration(level.size_ms) for level in plan.levels)
        features = f"{len(plan.features)} feature{'s' * (len(plan.features) != 1)}"
        click.echo(f"{plan.name}: {features}, tiles of {levels} {'unchanged in' if check else '->'} {out}/{plan.name}")
        for found in plan.cost.recommendations:
            window, size = format_duration(found.window_ms), format_duration(found.size_ms)
            figures = f"{found.events_per_tile:,.4g} events per tile, {found.tiles_per_window:,.4g} tiles per window"
            click.echo(f"  {window} over {size}: {found.tiling} ({figures})")


def _fail(reason: str) -> NoReturn:
    click.echo(f"error: {reason}", err=True)
    raise SystemExit(1)
