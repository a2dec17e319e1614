"""Options and warnings that several commands have."""

from __future__ import annotations

from typing import Any

import click

#: Text, or JSON for programs.
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or one JSON object.",
)


class InputFile(click.File):
    """Name a file of bytes, or standard input."""

    def __init__(self) -> None:
        super().__init__("rb")

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Open it, unless standard input is closed."""
        try:
            return super().convert(value, param, ctx)
        except RuntimeError:
            self.fail("standard input is closed: pipe the lines in, or name a file.", param, ctx)


def warn(what: str) -> None:
    """Warn on standard error."""
    click.echo(f"warning: {what}", err=True)
