"""`tilewright diff`: compare plans and judge their stored tiles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import format_option

if TYPE_CHECKING:
    from tilewright_compiler.diff import Difference
    from tilewright_compiler.plan.model import Plan


#: The verdicts of tilewright_compiler.diff, least grave first. They are repeated here so that
#: --help need not import it.
_SEVERITIES = [
    "compatible",
    "other-answers",
    "new-level",
    "new-level-with-backfill",
    "new-table",
]


@click.command()
@click.argument("old")
@click.argument("new")
@format_option
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES),
    help="Exit with status 1 if a change is at least this grave.",
)
def diff(old: str, new: str, form: str, fail_on: str | None) -> None:
    """Compare the plans OLD and NEW.

    Each is a plan.json, its folder, or a folder of such folders. Says what changed, and what it
    means for answers and stored tiles: compatible, other answers, a new level with or without a
    backfill, or a new table. A plan that is gone counts as other answers.
    """
    from tilewright_compiler.diff import compare

    before, after = _plans(old), _plans(new)
    if len(before) == len(after) == 1:
        pairs = [(*before.values(), *after.values())]
    else:
        pairs = [(before[name], after[name]) for name in sorted(before.keys() & after.keys())]
    differences = [compare(*pair) for pair in pairs]
    compared = {plan.name for pair in pairs for plan in pair}
    gone, added = sorted(before.keys() - compared), sorted(after.keys() - compared)
    if form == "json":
        document = {"plans": [_document(one) for one in differences], "gone": gone, "new": added}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for one in differences:
            click.echo("\n".join(one.lines()))
        for name in gone:
            click.echo(f"{name}: gone")
        for name in added:
            click.echo(f"{name}: new")
    severities = {_severity(one) for one in differences}
    if gone:
        severities.add("other-answers")
    if fail_on is not None and severities.intersection(_SEVERITIES[_SEVERITIES.index(fail_on) :]):
        raise SystemExit(1)


def _severity(difference: Difference) -> str:
    return difference.verdict.name.replace("_", "-").lower()


def _plans(path: str) -> dict[str, Plan]:
    from ..plans import load_plan

    files = sorted(Path(path).glob("*/plan.json"))
    if files and not Path(path, "plan.json").exists():
        plans = [load_plan(file) for file in files]
    else:
        plans = [load_plan(path)]
    return {plan.name: plan for plan in plans}


def _document(difference: Difference) -> dict[str, Any]:
    return {
        "name": difference.new.name,
        "old_fingerprint": difference.old.fingerprint,
        "new_fingerprint": difference.new.fingerprint,
        "verdict": difference.verdict.name.lower(),
        "meaning": difference.verdict.meaning,
        "changes": [
            {"verdict": one.verdict.name.lower(), "what": one.what, "why": one.why}
            for one in difference.changes
        ],
    }
