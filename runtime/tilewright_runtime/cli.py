"""The command line, which imports only the command it runs."""

from __future__ import annotations

import importlib
import io
import os
import sys
from typing import Any

import click

from .boundary import DEBUG_VARIABLE, command_boundary

#: name -> (module, attribute, one line for the help)
_COMMANDS = {
    "init": ("tilewright_runtime.commands.init", "init", "Make a new repository of features."),
    "compile": ("tilewright_compiler.cli", "compile_command", "Compile GroupBys to tiling plans."),
    "explain": (
        "tilewright_runtime.commands.explain",
        "explain",
        "Explain what a plan reads and keeps, and why.",
    ),
    "diff": (
        "tilewright_runtime.commands.diff",
        "diff",
        "Compare plans, and say what becomes of stored tiles.",
    ),
    "schema": (
        "tilewright_compiler.cli",
        "schema_command",
        "Print the JSON Schema of the configuration or of a plan.",
    ),
    "stats": (
        "tilewright_runtime.commands.stats",
        "stats",
        "Measure how busy the entities of a plan are.",
    ),
    "write": (
        "tilewright_runtime.commands.write",
        "write",
        "Write events into the tiles of a plan.",
    ),
    "sweep": (
        "tilewright_runtime.commands.sweep",
        "sweep",
        "Delete tiles that no window reads any more.",
    ),
    "verify": (
        "tilewright_runtime.commands.verify",
        "verify",
        "Check every record of a store, and that none is missing.",
    ),
    "bench": ("tilewright_runtime.commands.bench", "bench", "Measure what tiles are worth here."),
    "inspect": (
        "tilewright_runtime.commands.inspect",
        "inspect",
        "Show what a store holds: its levels, its busiest keys, an entity's tiles.",
    ),
    "doctor": (
        "tilewright_runtime.commands.doctor",
        "doctor",
        "Find out why fetches are slow or tiles are missing.",
    ),
    "forget": (
        "tilewright_runtime.commands.forget",
        "forget",
        "Delete all that stores have of an entity.",
    ),
    "backup": (
        "tilewright_runtime.commands.backup",
        "backup",
        "Copy an embedded store, also while it is written.",
    ),
    "restore": (
        "tilewright_runtime.commands.backup",
        "restore",
        "Make an embedded store of a backup.",
    ),
    "spark-job": (
        "tilewright_runtime.commands.spark_job",
        "spark_job",
        "Start the generated Spark job of a plan.",
    ),
    "fetch": (
        "tilewright_runtime.commands.fetch",
        "fetch",
        "Fetch the features of keys at a time.",
    ),
    "serve": (
        "tilewright_runtime.commands.serve",
        "serve",
        "Serve the features of plans over HTTP.",
    ),
    "flink-job": (
        "tilewright_runtime.commands.flink_job",
        "flink_job",
        "Start the generated Flink job of a plan.",
    ),
    "completion": (
        "tilewright_runtime.commands.completion",
        "completion",
        "Print what completes commands in a shell.",
    ),
    "version": (
        "tilewright_runtime.commands.version",
        "show_version",
        "Print the version, and what it runs on.",
    ),
}


class _Commands(click.Group):
    """Commands imported when they are run: `--help` stays instant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        from tilewright.documents import require_possible

        for argument in args:
            try:
                require_possible(argument)
            except OSError:  # only a program can give it
                ctx.fail(f"the argument {argument!r} has a character that no argument can have.")
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            from tilewright.suggestions import nearest

            ctx.fail(f"There is no command {name!r}. {nearest(name, _COMMANDS)}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with command_boundary(_say):
            return super().invoke(ctx)


def _say(line: str) -> None:
    click.echo(line, err=True)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tilewright", message="tilewright %(version)s")
@click.option(
    "--debug",
    is_flag=True,
    help=f"Show the traceback of an internal error. Also: {DEBUG_VARIABLE}=1.",
)
def main(debug: bool) -> None:
    """Declare window features and serve them from tiles.

    Declare a GroupBy in Python, compile it to a plan, write events, fetch features.
    """
    # A file's name may be no text of the terminal's encoding.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if debug:
        # Jobs in processes of their own inherit it.
        os.environ[DEBUG_VARIABLE] = "1"


if __name__ == "__main__":
    sys.exit(main())
