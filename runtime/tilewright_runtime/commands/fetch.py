"""`tilewright fetch`: features of keys at a time, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BufferedReader
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..fetch.fetcher import Answer, Fetcher
    from ..times import Moment

Request = tuple[dict[str, Any], "Moment"]

#: Lines that arrived together are answered together, so that a plan's derivations are one query for
#: all of them; some thousand lines of a file, but of a slow pipe only those that are there, since
#: nobody should wait for later ones.
_READ_BYTES = 1 << 16


@click.command()
@click.argument("plan")
@click.option(
    "--store",
    "store_url",
    required=True,
    metavar="URL",
    help="Where the tiles are, for instance lmdb:tiles.lmdb.",
)
@click.option(
    "--key",
    "key",
    multiple=True,
    metavar="NAME=VALUE",
    help="The value of a key column; once for each of them.",
)
@click.option(
    "--keys",
    "keys_file",
    type=click.File("rb"),
    metavar="FILE",
    help="JSON Lines with the key columns, and `at` if wanted.",
)
@click.option(
    "--at", metavar="T", help="The query time: ISO 8601 or epoch milliseconds; now if left out."
)
@click.option(
    "--explain", is_flag=True, help="Show the steps, the tiles, and what each contributed."
)
@click.pass_context
def fetch(
    ctx: click.Context,
    plan: str,
    store_url: str,
    key: tuple[str, ...],
    keys_file: BufferedReader | None,
    at: str | None,
    explain: bool,
) -> None:
    """Fetch the features of PLAN (a plan.json or its folder).

    Prints one JSON object a line: keys, at (epoch ms), features, and quality where an answer is not
    clean. A request of
    --keys that cannot be answered is named on standard error, the others are answered, and the exit
    status is 1.
    """
    if bool(key) == bool(keys_file):
        raise click.UsageError(
            "give either --key NAME=VALUE for one entity, or --keys FILE for many."
        )
    from ..errors import TilewrightError
    from ..fetch.fetcher import Fetcher
    from ..plans import load_plan
    from ..stores import open_store
    from ..tiles.entities import typed_keys

    loaded = load_plan(plan)
    typed = typed_keys(loaded.keys, _from_options(key)) if key else {}
    fetcher = Fetcher(loaded, open_store(store_url, create=False))
    if keys_file is None:
        _print(_explained(fetcher, (typed, at)) if explain else fetcher.fetch(typed, at))
        return
    failed = False
    for batch in _batches(keys_file):
        answers = []
        for place, line in batch:
            try:
                request = _request(line, at)
                answers.append(
                    _explained(fetcher, request) if explain else fetcher.aggregated(*request)
                )
            except TilewrightError as error:
                click.echo(f"error: {place}: {error}", err=True)
                failed = True
        if not explain:
            fetcher.derive(answers)
        for answer in answers:
            _print(answer)
    ctx.exit(int(failed))


def _explained(fetcher: Fetcher, request: Request) -> Answer:
    """The answer, and on standard error how it came about."""
    from ..fetch.explain import explain
    from ..reports.explanation import console, print_explanation

    explanation = explain(fetcher, *request)
    print_explanation(console(stderr=True), explanation)
    return explanation.answer


def _print(answer: Answer) -> None:
    from ..reports.explanation import answer_document

    click.echo(json.dumps(answer_document(answer), ensure_ascii=False))


def _from_options(pairs: tuple[str, ...]) -> dict[str, str]:
    keys = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE.", param_hint="--key")
        if name in keys:
            raise click.BadParameter(
                f"{name} is given twice. One call asks for one entity; use --keys FILE for many.",
                param_hint="--key",
            )
        keys[name] = value
    return keys


def _batches(file: BufferedReader) -> Iterator[list[tuple[str, bytes]]]:
    """The lines of a file that are not blank, each with its place, as many at a time as one read
    finds.
    """
    number, begun = 0, b""
    while chunk := file.read1(_READ_BYTES):
        *lines, begun = (begun + chunk).split(b"\n")
        yield _numbered(file.name, number, lines)
        number += len(lines)
    yield _numbered(file.name, number, [begun])


def _numbered(name: str, before: int, lines: list[bytes]) -> list[tuple[str, bytes]]:
    return [
        (f"{name}:{number}", line) for number, line in enumerate(lines, before + 1) if line.strip()
    ]


def _request(line: bytes, at: str | None) -> Request:
    """The keys in a line of JSON, and its own time where it has one. Raises InputError."""
    from ..errors import InputError

    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as wrong:
        raise InputError(
            f"not valid JSON ({wrong}). Each line holds an object with the key columns."
        ) from wrong
    if not isinstance(document, dict):
        raise InputError("not a JSON object with the key columns.")
    moment = document.pop("at", at)
    return document, moment
