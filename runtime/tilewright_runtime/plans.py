"""Reading plans from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tilewright_compiler.plan.model import PLAN_VERSION, Plan

from .errors import PlanError


def load_plan(path: str | Path) -> Plan:
    """The plan in a plan.json or in the folder that holds one.

    Raises PlanError, which says what is wrong with it.
    """
    place = Path(path)
    if place.is_dir():
        place = place / "plan.json"
    try:
        document = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PlanError(
            f"{place}: there is no plan. Make one with tilewright compile, and name its folder or "
            "its plan.json."
        ) from None
    except RecursionError:
        raise PlanError(
            f"{place}: not a plan (it is nested too deeply). Compile it again with tilewright "
            "compile."
        ) from None
    except (OSError, ValueError) as wrong:
        raise PlanError(
            f"{place}: not a plan ({wrong}). Compile it again with tilewright compile."
        ) from wrong
    return plan_of_document(document, place)


def plan_of_document(document: Any, place: str | Path) -> Plan:
    """The plan that a JSON document is; `place` names it in messages. Raises PlanError."""
    version = document.get("plan_version") if isinstance(document, dict) else None
    if version != PLAN_VERSION:
        raise PlanError(
            f"{place}: plan version {version}, but this version of Tilewright reads "
            f"{PLAN_VERSION}. Compile it again."
        )
    try:
        plan = Plan.model_validate(document)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PlanError(
            f"{place}: {where}: {first['msg']}. A plan is not edited by hand: compile it again."
        ) from wrong
    if plan.content_fingerprint() != plan.fingerprint:
        raise PlanError(
            f"{place}: its content is not what its fingerprint says, so it was changed by hand. "
            "Compile it again."
        )
    return plan
