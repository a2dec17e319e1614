"""`tilewright fetch`: features of keys, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from tilewright_compiler.plan.model import Plan

    from ..fetch.answers import Answer
    from ..fetch.context import FetchContext, FetchState
    from ..fetch.fetcher import Fetcher

    #: Answers, or documents that have them with their explanations.
    AnswerAll = Callable[[Sequence[FetchState]], Sequence[Answer | Mapping[str, Any]]]

#: Lines that arrived together are answered together, in one round trip and one query of the plan's
#: derivations. A file gives some thousand of them at once. A slow pipe gives those that are there,
#: so that no answer waits for later lines.
_READ_BYTES = 1 << 16


class Line(NamedTuple):
    """A line of a file, with what messages call it."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Request:
    """A line's request, with the columns that only come back."""

    line: str
    state: FetchState
    extra: dict[str, Any]


@click.command()
@click.argument("plan", required=False)
@click.option(
    "--store",
    "store_url",
    metavar="URL",
    help="Where the tiles are, such as lmdb:tiles.lmdb.",
)
@click.option(
    "--key",
    "key",
    multiple=True,
    metavar="NAME=VALUE",
    help="The value of a key column. Repeat it for each column.",
)
@click.option(
    "--keys",
    "keys_file",
    type=click.File("rb"),
    metavar="FILE",
    help="JSON Lines with the key columns and, optionally, `at`.",
)
@click.option(
    "--at",
    metavar="T",
    help="The query time: ISO 8601 or epoch milliseconds. Default: all that was written until now.",
)
@click.option(
    "--features",
    "--feature",
    "features",
    multiple=True,
    metavar="NAME[,NAME…]",
    help="Fetch these features and derivations only. May be repeated. Default: all.",
)
@click.option(
    "--quality", is_flag=True, help="Report the quality of every answer in full, also if clean."
)
@click.option(
    "--on-missing",
    type=click.Choice(["fail", "degrade", "default"]),
    help="What is done about tiles that ought to be there. Default: as the plan says.",
)
@click.option(
    "--max-staleness",
    metavar="DURATION",
    help="How old the newest written event may be, such as 10m. Default: as the plan says.",
)
@click.option(
    "--explain", is_flag=True, help="Show the steps, the tiles and what each contributed."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How --explain shows it: text on standard error, or JSON with the answer in it.",
)
@click.option(
    "--replay",
    type=click.File("rb"),
    metavar="FILE",
    help="Answer an explanation as JSON again, or say which tile has changed since.",
)
@click.option(
    "--allow-many-tiles",
    is_flag=True,
    help="Answer even if a window has more tiles than the plan's max_tiles_per_request.",
)
@click.pass_context
def fetch(
    ctx: click.Context,
    plan: str | None,
    store_url: str | None,
    key: tuple[str, ...],
    keys_file: BufferedReader | None,
    at: str | None,
    features: tuple[str, ...],
    quality: bool,
    on_missing: str | None,
    max_staleness: str | None,
    explain: bool,
    form: str,
    replay: BufferedReader | None,
    allow_many_tiles: bool,
) -> None:
    """Fetch the features of PLAN (a plan.json or its folder).

    Prints one JSON object a line: keys, at (epoch ms), features, and quality where an answer is not
    clean. Other columns of a line of --keys come back in `extra`. If a line cannot be answered,
    standard error names it, the others are answered, and the exit status is 1.
    """
    if replay is not None:
        if key or keys_file or at or features or explain:
            raise click.UsageError("--replay takes keys, time and features from the explanation.")
        _replay(replay, plan, store_url, allow_many_tiles)
        return
    if plan is None or store_url is None:
        missing = "argument 'PLAN'" if plan is None else "option '--store'"
        raise click.UsageError(f"Missing {missing}.")
    if bool(key) == bool(keys_file):
        raise click.UsageError(
            "give either --key NAME=VALUE for one entity, or --keys FILE for many."
        )
    from ..fetch.fetcher import Fetcher
    from ..plans import load_plan
    from ..stores import open_store
    from ..stores.expected import unexpected_store
    from ..tiles.entities import typed_keys
    from .keys import keys_of_options

    loaded = load_plan(plan)
    if what := unexpected_store(loaded, store_url):
        click.echo(f"warning: {what}", err=True)
    named = keys_of_options(key, "; use --keys FILE for many")
    typed = typed_keys(loaded.keys, named) if key else {}
    with open_store(store_url, create=False) as store:
        fetcher = Fetcher(loaded, store, allow_many_tiles=allow_many_tiles)
        names = _listed(features, loaded) if features else None
        context = fetcher.context_of(names, quality, on_missing, max_staleness)
        answer: AnswerAll = partial(fetcher.answers, context=context)
        if explain and form == "json":
            answer = partial(_explained_as_json, context, plan)
        elif explain:
            answer = partial(_explained, context)
        if keys_file is None:
            (single,) = answer([fetcher.request(typed, at)])
            _print(single)
            return
        ctx.exit(int(_answer_lines(fetcher, keys_file, at, answer)))


def _listed(features: tuple[str, ...], plan: Plan) -> list[str]:
    """List the names of --features.

    Commas separate them, except where a name of the plan has one itself.
    """
    known = {feature.name for feature in plan.features}
    known |= {derivation.name for derivation in plan.derivations}
    names: list[str] = []
    for text in features:
        parts = [text] if text in known else text.split(",")
        names += [part.strip() for part in parts if part.strip()]
    return names


def _explained(context: FetchContext, states: Sequence[FetchState]) -> list[Answer]:
    """Answer requests, and print each explanation to standard error."""
    from ..fetch.explain import explain_request
    from ..reports.explanation import console, print_explanation

    answers = []
    for state in states:
        explanation = explain_request(context, state)
        print_explanation(console(stderr=True), explanation)
        answers.append(explanation.answer)
    return answers


def _explained_as_json(
    context: FetchContext, plan_path: str, states: Sequence[FetchState]
) -> list[Mapping[str, Any]]:
    """Answer requests with their explanations."""
    from ..fetch.explain import explain_request
    from ..fetch.replay import explanation_document

    explanations = [explain_request(context, state) for state in states]
    return [explanation_document(explanation, plan_path) for explanation in explanations]


def _replay(
    file: BufferedReader, plan: str | None, store_url: str | None, allow_many_tiles: bool
) -> None:
    """Answer each line of explanations again."""
    from ..fetch.fetcher import Fetcher
    from ..fetch.replay import read_explanation, replay
    from ..plans import load_plan
    from ..stores import open_store

    for line in file:
        if not line.strip():
            continue
        document, path, url = read_explanation(line)
        loaded = load_plan(path if plan is None else plan)
        with open_store(url if store_url is None else store_url, create=False) as store:
            _print(replay(Fetcher(loaded, store, allow_many_tiles=allow_many_tiles), document))


def _answer_lines(
    fetcher: Fetcher, file: BufferedReader, at: str | None, answer: AnswerAll
) -> bool:
    """Answer a file's lines, and tell whether one failed."""
    from ..errors import TilewrightError

    failed, is_first = False, True
    for batch in _batches(file):
        if batch and is_first:
            _require_json_lines(batch)
            is_first = False
        requests = []
        for line in batch:
            try:
                requests.append(_request(fetcher, line, at))
            except TilewrightError as error:
                failed = True
                click.echo(f"error: {line.name}: {error}", err=True)
        failed |= _answer_requests(requests, answer)
    return failed


def _answer_requests(requests: Sequence[Request], answer: AnswerAll) -> bool:
    """Answer requests together, and tell whether one failed.

    If some cannot be answered, each is answered by itself.
    """
    from ..errors import TilewrightError

    try:
        answers = answer([request.state for request in requests])
    except TilewrightError as error:
        if len(requests) == 1:
            click.echo(f"error: {requests[0].line}: {error}", err=True)
            return True
        failures = [_answer_requests([request], answer) for request in requests]
        return any(failures)
    for request, one in zip(requests, answers, strict=True):
        _print(one, request.extra)
    return False


def _print(answer: Answer | Mapping[str, Any], extra: Mapping[str, Any] | None = None) -> None:
    from ..fetch.documents import answer_document

    document = dict(answer) if isinstance(answer, Mapping) else answer_document(answer)
    if extra:
        document["extra"] = extra
    text = json.dumps(document, ensure_ascii=False)
    # A lone surrogate, which JSON can escape, has no bytes in UTF-8.
    click.echo(text if text.isascii() or _is_unicode(text) else json.dumps(document))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _batches(file: BufferedReader) -> Iterator[list[Line]]:
    """Read lines that are not blank, in batches.

    A batch has as many lines as one read finds.
    """
    number, begun = 0, b""
    while chunk := file.read1(_READ_BYTES):
        *lines, begun = (begun + chunk).split(b"\n")
        yield _numbered(file.name, number, lines)
        number += len(lines)
    yield _numbered(file.name, number, [begun])


def _numbered(name: str, before: int, lines: list[bytes]) -> list[Line]:
    return [
        Line(f"{name}:{number}", line)
        for number, line in enumerate(lines, before + 1)
        if line.strip()
    ]


def _require_json_lines(lines: Sequence[Line]) -> None:
    """Refuse a file of another format, such as CSV.

    It does so with one error for the whole file.
    """
    from ..errors import InputError, shown

    if any(line.content.lstrip(b"\xef\xbb\xbf \t\r").startswith(b"{") for line in lines):
        return
    first = lines[0].content.decode(errors="replace").strip()
    raise InputError(
        f"{lines[0].name}: {shown(first)} is no JSON object. --keys takes JSON Lines: an object "
        'with the key columns on each line, such as {"user_id": "ana"}. Convert CSV or a JSON '
        "array to that."
    )


def _request(fetcher: Fetcher, line: Line, at: str | None) -> Request:
    """Read a request from a line of JSON.

    The line holds the keys, a time of its own if it has one, and columns that only come back.

    Raises InputError if the line is no JSON object, and what `Fetcher.request` raises.
    """
    from ..errors import InputError
    from ..fetch.documents import jsonable

    try:
        document = json.loads(line.content)
        readable = jsonable(document)
    except (ValueError, RecursionError) as wrong:
        raise InputError(
            f"not valid JSON ({wrong}). Each line holds an object with the key columns."
        ) from wrong
    if not isinstance(document, dict):
        raise InputError("not a JSON object with the key columns.")
    names = {column.name for column in fetcher.plan.keys}
    # A key column may be called `at`: the time is then that of --at.
    moment = at if "at" in names else document.get("at", at)
    keys = {name: value for name, value in document.items() if name in names}
    extra = {name: readable[name] for name in document if name not in names | {"at"}}
    return Request(line.name, fetcher.request(keys, moment), extra)
