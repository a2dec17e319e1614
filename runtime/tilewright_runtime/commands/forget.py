"""`tilewright forget`: delete what stores have of an entity."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from .options import format_option

if TYPE_CHECKING:
    from rich.console import Console

    from ..operate.forget import Receipt


@click.command()
@click.argument("plan")
@click.option("--store", "store_url", required=True, metavar="URL", help="Where the tiles are.")
@click.option(
    "--key",
    "key",
    multiple=True,
    required=True,
    metavar="NAME=VALUE",
    help="The value of a key column. Repeat it for each column.",
)
@click.option(
    "--state",
    metavar="DIR",
    help="The folder in which tiles are merged before they are put into a store such as Redis.",
)
@format_option
def forget(plan: str, store_url: str, key: tuple[str, ...], state: str | None, form: str) -> None:
    """Delete all that stores have of an entity of PLAN.

    Tiles of every level, logged events and counts go, from the store and from the state folder
    beside it. The receipt says what was there. No writer may be running meanwhile.
    """
    from ..operate.forget import forget as forget_entity
    from ..plans import load_plan
    from ..reports.explanation import console
    from ..stores import TransactionalStore, open_store
    from ..tiles.entities import typed_keys
    from .keys import keys_of_options

    loaded = load_plan(plan)
    keys = typed_keys(loaded.keys, keys_of_options(key))
    with open_store(store_url, create=False) as store:
        if state is None:
            receipt = forget_entity(loaded, store, keys)
        else:
            with open_store(f"lmdb:{state}", create=False) as folder:
                assert isinstance(folder, TransactionalStore)
                receipt = forget_entity(loaded, store, keys, folder)
    if form == "json":
        click.echo(json.dumps(document(receipt), indent=2, ensure_ascii=False))
    else:
        _print(console(), receipt)


def document(receipt: Receipt) -> dict[str, Any]:
    """Write a receipt as JSON has it."""
    from ..fetch.documents import jsonable
    from ..times import iso

    return {
        "plan": receipt.plan,
        "keys": jsonable(receipt.keys),
        "forgotten_at": iso(receipt.forgotten_at_ms),
        "tiles": receipt.tiles,
        "stores": [asdict(store) for store in receipt.stores],
    }


def _print(console: Console, receipt: Receipt) -> None:
    from ..reports.lines import LEFT, RIGHT, Lines
    from ..times import iso

    lines = Lines(console)
    keys = ", ".join(f"{name}={value}" for name, value in receipt.keys.items())
    lines.add(f"{keys} of {receipt.plan}, forgotten at {iso(receipt.forgotten_at_ms)}", "bold")
    for store in receipt.stores:
        lines.heading(store.store)
        rows = []
        for level in store.levels:
            counts = (level.tiles, level.events, level.bytes)
            rows.append([level.level, *(f"{count:,}" for count in counts)])
        if rows:
            head = ["level", "tiles", "events", "bytes"]
            lines.table([LEFT, RIGHT, RIGHT, RIGHT], head, rows)
        else:
            lines.add("nothing was stored")
        for note in store.notes:
            lines.add(f"note: {note}", "dim", hanging=6)
    console.print(lines)
