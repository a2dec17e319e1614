"""`tilewright doctor`: why fetches are slow or tiles missing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import format_option

if TYPE_CHECKING:
    from rich.console import Console

    from tilewright_compiler.plan.model import Plan

    from ..operate.doctor import Check, Diagnosis, Examination
    from ..operate.service_numbers import LiveService

_TITLES = {"high_latency": "High latency", "missing_tiles": "Missing tiles"}
_MARKS = {0: ("ok", "green"), 1: ("warning", "yellow"), 2: ("critical", "red")}
_HELP = """\
Find out why fetches of PLAN are slow, or tiles are missing.

Looks at the live store, measures a few fetches, and says of each check what it saw. The exit
status is 0 if there is no cause, 1 for a warning, and 2 for a critical one.
"""


@click.command(help=_HELP)
@click.argument("plan")
@click.option("--store", "store_url", required=True, metavar="URL", help="Where the tiles are.")
@click.option(
    "--service",
    metavar="URL",
    help="A service or writer whose metrics are read too, such as http://localhost:8000.",
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the token of the service, on its first line. Default: TILEWRIGHT_TOKEN.",
)
@click.option(
    "--key",
    "key",
    multiple=True,
    metavar="NAME=VALUE",
    help="The entity whose fetches are measured. Default: some that the store has.",
)
@click.option(
    "--max-age",
    metavar="DURATION",
    help="How old the newest event may be, such as 10m. Default: as the plan says, or 1h.",
)
@format_option
@click.pass_context
def doctor(
    ctx: click.Context,
    plan: str,
    store_url: str,
    service: str | None,
    token_file: Path | None,
    key: tuple[str, ...],
    max_age: str | None,
    form: str,
) -> None:
    """Find out why fetches are slow or tiles missing."""
    from ..plans import load_plan
    from ..reports.explanation import console

    live = None if service is None else _ask(service, token_file)
    report = _examine(load_plan(plan), store_url, live, key, max_age)
    if form == "json":
        click.echo(json.dumps(document(report), indent=2, ensure_ascii=False))
    else:
        _print(console(), report)
    ctx.exit(int(report.severity))


def _examine(
    plan: Plan, store_url: str, live: LiveService | None, key: Sequence[str], max_age: str | None
) -> Examination:
    """Examine a store, or say that it cannot be read."""
    from tilewright.windows import duration_ms

    from ..errors import StoreError
    from ..operate.doctor import examine, unreachable
    from ..stores import open_store
    from ..stores.passwords import without_password
    from ..tiles.entities import typed_keys
    from .keys import keys_of_options

    keys = typed_keys(plan.keys, keys_of_options(key)) if key else None
    try:
        max_age_ms = None if max_age is None else duration_ms(max_age)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--max-age") from None
    told: dict[str, Any] = {"keys": keys, "max_age_ms": max_age_ms}
    if live is not None:
        told |= {"metrics": live.exposition, "way_seconds": live.way_seconds}
    try:
        with open_store(store_url, create=False) as store:
            return examine(plan, store, **told)
    except StoreError as wrong:
        return unreachable(plan, without_password(store_url), wrong)


def _ask(service: str, token_file: Path | None) -> LiveService:
    """Ask a service what it counts."""
    import os

    from ..operate.service_numbers import ask_service
    from ..service.settings import TOKEN_VARIABLE, read_tokens

    if not service.startswith(("http://", "https://")):
        raise click.BadParameter("begin it with http:// or https://.", param_hint="--service")
    tokens = read_tokens(token_file, os.environ.get(TOKEN_VARIABLE))
    return ask_service(service, tokens[0] if tokens else None)


def document(found: Examination) -> dict[str, Any]:
    """Write an examination as JSON has it."""
    from ..times import iso

    return {
        "plan": found.plan,
        "store": found.store,
        "at": iso(found.at_ms),
        "severity": found.severity.name.lower(),
        "diagnoses": [_diagnosis(one) for one in found.diagnoses],
    }


def _diagnosis(one: Diagnosis) -> dict[str, Any]:
    return {
        "diagnosis": one.complaint,
        "causes": [check.name for check in one.causes],
        "verdict": _verdict(one),
        "checks": [_check(check) for check in one.checks],
    }


def _check(check: Check) -> dict[str, Any]:
    finding = check.finding
    return {
        "check": check.name,
        "severity": finding.severity.name.lower(),
        "evidence": finding.evidence,
        "verdict": finding.verdict,
        "remedy": finding.remedy or None,
    }


def _verdict(one: Diagnosis) -> str:
    if not one.causes:
        return "no cause found"
    return "; ".join(check.finding.verdict for check in one.causes)


def _print(console: Console, found: Examination) -> None:
    from ..reports.lines import Lines
    from ..times import iso

    lines = Lines(console)
    lines.add(f"{found.plan} in {found.store} at {iso(found.at_ms)}", "bold")
    for one in found.diagnoses:
        lines.heading(f"{_TITLES[one.complaint]}: {_verdict(one)}")
        for check in one.checks:
            finding = check.finding
            mark, style = _MARKS[int(finding.severity)]
            lines.add(f"{mark}  {check.name}: {finding.verdict}", style, indent=2, hanging=4)
            lines.add(finding.evidence, "dim", indent=6)
            if finding.remedy:
                lines.add(finding.remedy, indent=6)
    console.print(lines)
