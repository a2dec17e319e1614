"""What stops a compilation before anything is written: a target that cannot run a plan, an online plan that would lose its tiles."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError

from tilewright.declaration import CallSite

from .compile import Compilation
from .diagnostics import Diagnostic, diagnostic
from .difference import Verdict, compare
from .output import Target
from .plan import Plan


def unsupported(compilation: Compilation, targets: Mapping[str, Target]) -> list[Diagnostic]:
    """A problem, at the GroupBy's line, for each reason why a target cannot run a plan."""
    return [
        diagnostic("TW031", compilation.sites[plan.name], f"--target {name} cannot run {plan.name}: {reason}")
        for plan in compilation.plans
        for name, target in targets.items()
        for reason in getattr(target, "unsupported", _nothing)(plan)
    ]


def _nothing(plan: Plan) -> list[str]:
    return []


def endangered(out: str, plans: Iterable[Plan]) -> list[Diagnostic]:
    """A problem for each online plan below `out` whose stored tiles the new plan of that name could not use."""
    return [problem for plan in plans for problem in _endangered(Path(out, plan.name, "plan.json"), plan)]


def _endangered(path: Path, new: Plan) -> list[Diagnostic]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return []  # nothing there, or nothing that could be online
    if not isinstance(document, dict) or document.get("online") is not True:
        return []
    if document.get("fingerprint") == new.fingerprint:
        return []  # the same plan, which need not be read
    reasons = _reasons(document, new)
    if not reasons:
        return []
    advice = "Compile to another folder, name the GroupBy anew, or say --allow-incompatible if its tiles will be written again."
    what = f"this plan is online, and the tiles that it has stored do not fit the new one: {'; '.join(reasons)}. {advice}"
    return [diagnostic("TW050", CallSite(str(path), 0), what)]


def _reasons(document: dict[str, object], new: Plan) -> list[str]:
    try:
        old = Plan.model_validate(document)
    except ValidationError:
        # Another version wrote it: its parts cannot be compared, the digest of what tiles depend on can.
        same = document.get("storage_fingerprint") == new.storage_fingerprint
        return [] if same else ["another version of the compiler wrote it, and its storage fingerprint is another"]
    return [str(change) for change in compare(old, new).changes if change.verdict > Verdict.COMPATIBLE]
