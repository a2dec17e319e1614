"""`tilewright fetch`: features of keys, one JSON object a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from typing import TYPE_CHECKING, Any

import click

from .answers import AnswerPrinter
from .options import InputFile, warn

if TYPE_CHECKING:
    from tilewright_compiler.plan.model import Plan

    from ..fetch.answers import Answer
    from ..fetch.context import FetchContext, FetchState
    from ..fetch.fetcher import Fetcher
    from .keys import KeyRequest

    #: Answers, or documents that have them with their explanations.
    AnswerAll = Callable[[Sequence[FetchState]], Sequence[Answer | Mapping[str, Any]]]


@dataclass(frozen=True)
class _Options:
    """What the command line gives."""

    plan: str | None
    store_url: str | None
    key: tuple[str, ...]
    keys_file: BufferedReader | None
    at: str | None
    features: tuple[str, ...]
    quality: bool
    on_missing: str | None
    max_staleness: str | None
    explain: bool
    form: str
    replay: BufferedReader | None
    allow_many_tiles: bool


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
    type=InputFile(),
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
    type=InputFile(),
    metavar="FILE",
    help="Answer an explanation as JSON again, or say which tile has changed since.",
)
@click.option(
    "--allow-many-tiles",
    is_flag=True,
    help="Answer even if a window has more tiles than the plan's max_tiles_per_request.",
)
@click.pass_context
def fetch(ctx: click.Context, /, **given: Any) -> None:
    """Fetch the features of PLAN (a plan.json or its folder).

    Prints one JSON object a line: keys, at (epoch ms), features, and quality where an answer is not
    clean. Other columns of a line of --keys come back in `extra`. If a line cannot be answered,
    standard error names it, the others are answered, and the exit status is 1.
    """
    options = _Options(**given)
    if options.replay is not None:
        if options.key or options.keys_file or options.at or options.features or options.explain:
            raise click.UsageError("--replay takes keys, time and features from the explanation.")
        _replay(options.replay, options)
        return
    if options.plan is None or options.store_url is None:
        missing = "argument 'PLAN'" if options.plan is None else "option '--store'"
        raise click.UsageError(f"Missing {missing}.")
    if bool(options.key) == bool(options.keys_file):
        raise click.UsageError(
            "give either --key NAME=VALUE for one entity, or --keys FILE for many."
        )
    if not _fetch(options, options.plan, options.store_url):
        ctx.exit(1)


def _fetch(options: _Options, plan_path: str, store_url: str) -> bool:
    """Fetch and print; tell whether all was answered."""
    from ..fetch.fetcher import Fetcher
    from ..plans import load_plan
    from ..stores import open_store
    from ..stores.expected import tell_unexpected
    from ..tiles.entities import typed_keys
    from .keys import keys_of_options

    plan = load_plan(plan_path)
    tell_unexpected([plan], store_url, warn)
    named = keys_of_options(options.key, "; use --keys FILE for many")
    keys = typed_keys(plan.keys, named) if options.key else {}
    with open_store(store_url, create=False) as store:
        fetcher = Fetcher(plan, store, allow_many_tiles=options.allow_many_tiles)
        answer = _answering(fetcher, options, plan_path)
        if options.keys_file is not None:
            return not _answer_lines(fetcher, options.keys_file, options.at, answer)
        (single,) = answer([fetcher.request(keys, options.at)])
        AnswerPrinter(store.url).put(single)
        return True


def _answering(fetcher: Fetcher, options: _Options, plan_path: str) -> AnswerAll:
    """Choose how requests are answered: with an explanation or without."""
    names = _listed(options.features, fetcher.plan) if options.features else None
    context = fetcher.context_of(names, options.quality, options.on_missing, options.max_staleness)
    if not options.explain:
        return partial(fetcher.answers, context=context)
    if options.form == "json":
        return partial(_explained_as_json, context, plan_path)
    return partial(_explained, context)


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


def _replay(file: BufferedReader, options: _Options) -> None:
    """Answer each line of explanations again."""
    from tilewright.documents import MOST_BYTES

    from ..fetch.fetcher import Fetcher
    from ..fetch.replay import read_explanation, replay
    from ..plans import load_plan
    from ..stores import open_store
    from .keys import read_lines

    for line in read_lines(file, MOST_BYTES):
        document, path, url = read_explanation(line)
        plan = load_plan(path if options.plan is None else options.plan)
        store_url = url if options.store_url is None else options.store_url
        with open_store(store_url, create=False) as store:
            fetcher = Fetcher(plan, store, allow_many_tiles=options.allow_many_tiles)
            AnswerPrinter(store.url).put(replay(fetcher, document))


def _answer_lines(
    fetcher: Fetcher, file: BufferedReader, at: str | None, answer: AnswerAll
) -> bool:
    """Answer a file's lines, and tell whether one failed."""
    from ..errors import TilewrightError
    from .keys import LineFormat, read_batches, read_request

    failed, form, printer = False, LineFormat(file), AnswerPrinter(fetcher.store.url)
    for batch in read_batches(file):
        form.look_at(batch)
        requests = []
        for line in batch:
            try:
                requests.append(read_request(fetcher, line, at))
            except TilewrightError as error:
                failed = True
                click.echo(f"error: {line.name}: {error}", err=True)
        failed |= _answer_requests(requests, answer, printer)
    return failed


def _answer_requests(
    requests: Sequence[KeyRequest], answer: AnswerAll, printer: AnswerPrinter
) -> bool:
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
        failures = [_answer_requests([request], answer, printer) for request in requests]
        return any(failures)
    for request, one in zip(requests, answers, strict=True):
        printer.put(one, request.extra)
    return False
