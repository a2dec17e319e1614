"""Options and warnings that several commands have."""

from __future__ import annotations

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


def warn(what: str) -> None:
    """Warn on standard error."""
    click.echo(f"warning: {what}", err=True)
