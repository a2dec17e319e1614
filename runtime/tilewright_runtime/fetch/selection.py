"""Cuts plans down to what some features need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tilewright.suggestions import nearest
from tilewright_compiler.plan.model import Feature, Level, Plan

from ..errors import FetchError, shown


def wanted_names(plan: Plan, features: Iterable[str]) -> tuple[str, ...]:
    """List the features and derivations that are asked for.

    They come in the order of the plan. Raises FetchError for a name that the plan does not have,
    and if none is asked for.
    """
    wanted = _listed(features)
    if wanted is None:
        raise FetchError(
            f"features {shown(features)} is no list of names. Give a list, such as "
            f"features=[{shown(features)}]."
        )
    known = [feature.name for feature in plan.features]
    known += [derivation.name for derivation in plan.derivations]
    for name in wanted:
        if not (isinstance(name, str) and name in known):
            text = name if isinstance(name, str) else shown(name)
            raise FetchError(f"plan {plan.name} has no feature {text!r}. {nearest(text, known)}")
    if not wanted:
        raise FetchError(
            f"no feature of plan {plan.name} is asked for. Name some, or leave the list out for "
            "all of them."
        )
    return tuple(name for name in known if name in set(wanted))


def _listed(features: Any) -> list[Any] | None:
    """List names, unless they are no list."""
    if isinstance(features, str):
        return None
    try:
        return list(features)
    except TypeError:
        return None


def plan_of_features(plan: Plan, names: tuple[str, ...]) -> Plan:
    """Cut a plan down to what some features need.

    Derivations bring the features that they read. Levels that no window of those uses are left out,
    and raw events that none of them counts. What stored tiles depend on stays as it is.
    """
    derivations = [one for one in plan.derivations if one.name in names]
    needed = set(names)
    for derivation in derivations:
        needed.update(derivation.features)
    features = [feature for feature in plan.features if feature.name in needed]
    counts_events = any(feature.edge == "exact" for feature in features)
    return plan.model_copy(
        update={
            "features": features,
            "derivations": derivations,
            "levels": _levels(plan, features),
            "events": plan.events if counts_events else None,
        }
    )


def _levels(plan: Plan, features: Iterable[Feature]) -> list[Level]:
    """Pick the levels of some windows, and the finer ones.

    A head that holds later events may need those.
    """
    coarsest_ms = max((max(feature.levels_ms, default=0) for feature in features), default=0)
    return [level for level in plan.levels if level.size_ms <= coarsest_ms]
