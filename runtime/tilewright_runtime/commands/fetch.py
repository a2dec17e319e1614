"""`tilewright fetch`: features of keys at a time, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..times import Moment

Request = tuple[dict[str, Any], "Moment"]


@click.command()
@click.argument("plan")
@click.option("--store", "store_url", required=True, metavar="URL", help="Where the tiles are, for instance lmdb:tiles.lmdb.")
@click.option("--key", "key", multiple=True, metavar="NAME=VALUE", help="The value of a key column; once for each of them.")
@click.option(
    "--keys",
    "keys_file",
    type=click.File("r", encoding="utf-8"),
    metavar="FILE",
    help="JSON Lines with the key columns, and `at` if wanted.",
)
@click.option("--at", metavar="T", help="The query time: ISO 8601 or epoch milliseconds; now if left out.")
@click.option("--explain", is_flag=True, help="Show the steps, the tiles, and what each contributed.")
def fetch(plan: str, store_url: str, key: tuple[str, ...], keys_file: Any, at: str | None, explain: bool) -> None:
    """Fetch the features of PLAN (a plan.json or its folder).

    Prints one JSON object a line: keys, at (epoch ms), features, and quality where an answer is not clean.
    """
    if bool(key) == bool(keys_file):
        raise click.UsageError("give either --key NAME=VALUE for one entity, or --keys FILE for many.")
    from ..fetcher import Fetcher
    from ..keys import typed_keys
    from ..plans import load_plan
    from ..stores import open_store

    loaded = load_plan(plan)
    requests = _from_file(keys_file, at) if keys_file else iter([(typed_keys(loaded.keys, _from_options(key)), at)])
    fetcher = Fetcher(loaded, open_store(store_url, create=False))
    for keys, moment in requests:
        _answer(fetcher, keys, moment, explain)


def _answer(fetcher: Any, keys: dict[str, Any], moment: Moment, explained: bool) -> None:
    from ..rendering import answer_document, print_explanation

    if explained:
        from rich.console import Console

        from ..explain import explain

        explanation = explain(fetcher, keys, moment)
        print_explanation(Console(stderr=True), explanation)
        answer = explanation.answer
    else:
        answer = fetcher.fetch(keys, moment)
    click.echo(json.dumps(answer_document(answer), ensure_ascii=False))


def _from_options(pairs: tuple[str, ...]) -> dict[str, str]:
    keys = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE.", param_hint="--key")
        keys[name] = value
    return keys


def _from_file(lines: Any, at: str | None) -> Iterator[Request]:
    """The requests in a file; an entity may have a key column called `at` only where the file says no time."""
    from ..errors import InputError

    name = Path(getattr(lines, "name", "--keys"))
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except json.JSONDecodeError as wrong:
            raise InputError(f"{name}:{number}: not valid JSON ({wrong}). Each line holds an object with the key columns.") from wrong
        if not isinstance(document, dict):
            raise InputError(f"{name}:{number}: not a JSON object with the key columns.")
        moment = document.pop("at", at)
        yield document, moment
