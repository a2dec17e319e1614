"""What stands between a compilation and the plans of others: an online plan is not broken by accident."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from tilewright.declaration import CallSite

from .diagnostics import Diagnostic, diagnostic
from .difference import Verdict, compare
from .plan import Plan


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
