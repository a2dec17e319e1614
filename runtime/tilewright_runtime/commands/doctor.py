"""`tilewright doctor`: why fetches are slow or tiles missing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from .options import format_option

if TYPE_CHECKING:
    from rich.console import Console

    from tilewright_compiler.plan.model import Plan

    from ..operate.doctor import Check, Diagnosis, Examination

_TITLES = {"high_latency": "High latency", "missing_tiles": "Missing tiles"}
_MARKS = {0: ("ok", "green"), 1: ("warning", "yellow"), 2: ("critical", "red")}
#: How long a service may take to say what it counts.
_TIMEOUT_S = 5.0
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
    key: tuple[str, ...],
    max_age: str | None,
    form: str,
) -> None:
    """Find out why fetches are slow or tiles missing."""
    from ..plans import load_plan
    from ..reports.explanation import console

    found = _examine(load_plan(plan), store_url, service, key, max_age)
    if form == "json":
        click.echo(json.dumps(document(found), indent=2, ensure_ascii=False))
    else:
        _print(console(), found)
    ctx.exit(int(found.severity))


def _examine(
    plan: Plan, store_url: str, service: str | None, key: Sequence[str], max_age: str | None
) -> Examination:
    """Examine a store, or say that it cannot be read."""
    from tilewright.windows import duration_ms

    from ..errors import StoreError
    from ..operate.doctor import examine, unreachable
    from ..stores import open_store
    from ..tiles.entities import typed_keys
    from .keys import keys_of_options

    keys = typed_keys(plan.keys, keys_of_options(key)) if key else None
    try:
        max_age_ms = None if max_age is None else duration_ms(max_age)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--max-age") from None
    metrics = None if service is None else _metrics(service)
    try:
        with open_store(store_url, create=False) as store:
            return examine(plan, store, keys=keys, metrics=metrics, max_age_ms=max_age_ms)
    except StoreError as wrong:
        return unreachable(plan, store_url, wrong)


def _metrics(service: str) -> str:
    """Read what a service exposes."""
    from urllib.request import urlopen

    from ..errors import InputError

    if not service.startswith(("http://", "https://")):
        raise click.BadParameter("begin it with http:// or https://.", param_hint="--service")
    url = f"{service.rstrip('/')}/metrics"
    try:
        with urlopen(url, timeout=_TIMEOUT_S) as answer:
            text: str = answer.read().decode(errors="replace")
    except (OSError, ValueError) as wrong:
        raise InputError(
            f"{url} cannot be read ({wrong}). Start the service, or leave --service out."
        ) from wrong
    return text


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
