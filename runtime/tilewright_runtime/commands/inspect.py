"""`tilewright inspect`: what a store holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from .options import format_option

if TYPE_CHECKING:
    from rich.console import Console

    from tilewright_compiler.plan.model import Plan

    from ..operate.inspect import DecodedTile, InspectedEntity, StoreUsage, TableUsage
    from ..reports.lines import Lines

_HELP = """\
Show what stores hold: STORE_OR_PLAN is a store URL or a plan.

Without --key, shows for each plan what its levels take and its busiest keys, those with the
most events; plans that are named give their key columns, and no other is shown. With --key,
shows the tiles of one entity of a plan, decoded.
"""


@click.command(help=_HELP)
@click.argument("places", nargs=-1, metavar="STORE_OR_PLAN...")
@click.option("--store", "store_url", metavar="URL", help="A store, as in STORE_OR_PLAN.")
@click.option(
    "--key",
    "key",
    multiple=True,
    metavar="NAME=VALUE",
    help="Show the tiles of this entity. Repeat it for each key column.",
)
@click.option(
    "--most",
    type=click.IntRange(min=0),
    metavar="N",
    help="How many keys of a plan are named, or tiles of a level shown. Default: 10, or 20.",
)
@format_option
def inspect(
    places: tuple[str, ...],
    store_url: str | None,
    key: tuple[str, ...],
    most: int | None,
    form: str,
) -> None:
    """Show what stores hold."""
    from ..plans import load_plan
    from ..reports.explanation import console

    urls, paths = _sorted([*places, *([store_url] if store_url is not None else [])])
    plans = [load_plan(path) for path in paths]
    if not urls:
        raise click.UsageError("name a store, such as lmdb:tiles.lmdb, beside the plan.")
    if key:
        if len(urls) != 1 or len(plans) != 1:
            raise click.UsageError("with --key, name one plan and one store.")
        entity = _entity(plans[0], urls[0], key, 20 if most is None else most)
        _show(form, _entity_document(entity), lambda: _print_entity(console(), entity))
        return
    usages = [_usage(url, 10 if most is None else most) for url in urls]
    documents = [_usage_document(one, plans) for one in usages]

    def print_usages() -> None:
        for one in usages:
            _print_usage(console(), one, plans)

    _show(form, {"stores": documents}, print_usages)


def _show(form: str, document: Any, print_text: Any) -> None:
    if form == "json":
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        print_text()


def _sorted(places: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell store URLs from paths of plans."""
    from ..stores import store_modules

    schemes = tuple(f"{name}:" for name in store_modules())
    urls = [place for place in places if place.startswith(schemes)]
    return urls, [place for place in places if place not in urls]


def _entity(plan: Plan, url: str, key: Sequence[str], most: int) -> InspectedEntity:
    from ..operate.inspect import entity_tiles
    from ..stores import open_store
    from ..tiles.entities import typed_keys
    from .keys import keys_of_options

    keys = typed_keys(plan.keys, keys_of_options(key))
    with open_store(url, create=False) as store:
        return entity_tiles(plan, store, keys, most)


def _usage(url: str, most: int) -> StoreUsage:
    from ..operate.inspect import usage
    from ..stores import open_store

    with open_store(url, create=False) as store:
        return usage(store, most)


def _entity_document(found: InspectedEntity) -> dict[str, Any]:
    from ..fetch.documents import jsonable
    from ..times import iso

    return {
        "store": found.store,
        "plan": found.plan,
        "keys": jsonable(found.keys),
        "at": iso(found.at_ms),
        "tiles": [_tile_document(tile, found.at_ms) for tile in found.tiles],
        "omitted": found.omitted,
    }


def _tile_document(tile: DecodedTile, at_ms: int) -> dict[str, Any]:
    from ..fetch.documents import jsonable
    from ..times import iso

    return {
        "level": tile.level,
        "start": iso(tile.start_ms),
        "end": iso(tile.end_ms),
        "events": tile.events,
        "newest_event": iso(tile.newest_ms),
        "age_ms": at_ms - tile.newest_ms,
        "bytes": tile.bytes,
        "flags": list(tile.flags),
        "values": jsonable(tile.values),
    }


def _usage_document(found: StoreUsage, plans: Sequence[Plan]) -> dict[str, Any]:
    from ..times import iso

    tables = []
    for table in _chosen(found.tables, plans):
        levels = []
        for level in table.levels:
            document = asdict(level)
            oldest_ms, newest_ms = document.pop("oldest_ms"), document.pop("newest_ms")
            document["oldest_tile"] = None if oldest_ms is None else iso(oldest_ms)
            document["newest_event"] = None if newest_ms is None else iso(newest_ms)
            levels.append(document)
        tables.append(
            {
                "plan": table.plan,
                "entities": table.entities,
                "tiles": sum(level.tiles for level in table.levels),
                "bytes": sum(level.bytes for level in table.levels),
                "levels": levels,
                "hottest": [
                    {**asdict(one), "keys": _named(one.keys, table, plans)} for one in table.hottest
                ],
            }
        )
    return {"store": found.store, "at": iso(found.at_ms), "plans": tables}


def _chosen(tables: Sequence[TableUsage], plans: Sequence[Plan]) -> list[TableUsage]:
    """Choose the tables of the plans named, if any."""
    names = {plan.name for plan in plans}
    return [table for table in tables if not names or table.plan in names]


def _named(values: Sequence[Any], table: TableUsage, plans: Sequence[Plan]) -> Any:
    """Name an entity's key values, where the plan is known."""
    from ..fetch.documents import jsonable

    for plan in plans:
        if plan.name == table.plan and len(plan.keys) == len(values):
            return {
                column.name: jsonable(value)
                for column, value in zip(plan.keys, values, strict=True)
            }
    return [jsonable(value) for value in values]


def _print_usage(console: Console, found: StoreUsage, plans: Sequence[Plan]) -> None:
    from tilewright_compiler.humanize import counted, format_bytes

    from ..reports.lines import LEFT, RIGHT, Lines
    from ..times import iso

    lines = Lines(console)
    lines.add(found.store, "bold")
    for table in _chosen(found.tables, plans):
        size = format_bytes(sum(level.bytes for level in table.levels))
        entities = f"{table.entities:,} {'entity' if table.entities == 1 else 'entities'}"
        lines.heading(f"{table.plan}: {entities}, {size}")
        rows = []
        for level in table.levels:
            newest = "–" if level.newest_ms is None else iso(level.newest_ms)
            sizes = (f"{level.tiles:,}", f"{level.events:,}", format_bytes(level.bytes))
            rows.append([level.level, *sizes, f"{level.approximate:,}", newest])
        head = ["level", "tiles", "events", "bytes", "approximate", "newest event"]
        lines.table([LEFT, RIGHT, RIGHT, RIGHT, RIGHT, LEFT], head, rows)
        if table.hottest:
            lines.add("busiest keys, by their events", "dim")
        for one in table.hottest:
            keys = _entity_text(_named(one.keys, table, plans))
            lines.add(
                f"{keys}: {counted(one.events, 'event')}, {counted(one.tiles, 'tile')}, "
                f"{format_bytes(one.bytes)}",
                indent=2,
                hanging=2,
            )
    if not found.tables:
        lines.add("no tiles")
    console.print(lines)


def _entity_text(keys: Any) -> str:
    if isinstance(keys, dict):
        return ", ".join(f"{name}={value}" for name, value in keys.items())
    return ", ".join(map(str, keys))


def _print_entity(console: Console, found: InspectedEntity) -> None:
    from ..reports.lines import Lines

    lines = Lines(console)
    lines.add(f"{_entity_text(dict(found.keys))} of {found.plan} in {found.store}", "bold")
    for tile in found.tiles:
        _add_tile(lines, tile, found.at_ms)
    if found.omitted:
        lines.add(f"… {found.omitted:,} older ones (--most N shows more)", "dim")
    if not found.tiles:
        lines.add("no tiles" if not found.omitted else "")
    console.print(lines)


def _add_tile(lines: Lines, tile: DecodedTile, at_ms: int) -> None:
    from tilewright_compiler.humanize import counted, format_ago, format_bytes

    from ..reports.explanation import short
    from ..times import iso

    age_ms = at_ms - tile.newest_ms
    age = f"newest {format_ago(age_ms)}" if age_ms >= 0 else "newest in the future"
    flags = "".join(f", {flag}" for flag in tile.flags)
    lines.add(
        f"{tile.level} {iso(tile.start_ms)}: {counted(tile.events, 'event')}, {age}, "
        f"{format_bytes(tile.bytes)}{flags}",
        hanging=4,
    )
    lines.names([f"{name}={short(value)}" for name, value in tile.values.items()], indent=2)
