"""`tilewright backup` and `tilewright restore`: copies of an embedded store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..operate.backup import Copied

_RESTORE_HELP = """\
Make the new embedded store STORE of the backup in DIR.

The next write goes on where the backup ends: it reads what its files have had since.
"""


@click.command()
@click.argument("store")
@click.argument("directory", metavar="DIR")
def backup(store: str, directory: str) -> None:
    """Copy the embedded store STORE into the new folder DIR.

    STORE is a URL such as lmdb:tiles.lmdb. It may be written meanwhile: the copy is of one moment,
    with the tiles and the positions in the files that they come from.
    """
    from ..operate.backup import backup as copy
    from ..stores import open_store

    with open_store(store, create=False) as opened:
        _say(copy(opened, directory))


@click.command(help=_RESTORE_HELP)
@click.argument("directory", metavar="DIR")
@click.argument("store")
def restore(directory: str, store: str) -> None:
    """Make a new embedded store of a backup."""
    from ..operate.backup import restore as make

    _say(make(directory, store))


def _say(copied: Copied) -> None:
    from tilewright_compiler.humanize import counted, format_bytes

    click.echo(
        f"{copied.place}: {counted(copied.tiles, 'tile')} and chunks, {format_bytes(copied.bytes)}"
    )
