"""`tilewright completion`: what completes commands in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_PROGRAM = "tilewright"
_VARIABLE = "_TILEWRIGHT_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what completes commands and options in SHELL.

    For bash: tilewright completion bash > ~/.local/share/bash-completion/completions/tilewright.
    For zsh put it into a file named _tilewright in a folder of fpath, for fish into
    ~/.config/fish/completions/tilewright.fish.
    """
    written = get_completion_class(shell)
    assert written is not None
    click.echo(written(ctx.find_root().command, {}, _PROGRAM, _VARIABLE).source())
