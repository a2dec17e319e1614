"""Pass: translate and type what is computed from the features."""

from __future__ import annotations

from tilewright.group_by import Derivation as FeatureSpec

from ..draft import Draft
from ..expressions.binder import Typed
from ..expressions.parsing import FEATURES, ExpressionError, shown
from ..frontend.column_types import spark_type
from ..frontend.names import unusable
from ..plan.model import Derivation


def bind_derivations(draft: Draft) -> None:
    """Fill the draft's derivations, in the order of declaration.

    `Derivation(name="ctr_7d", expression="clicks_7d / views_7d")` over two BIGINT gives
    `"clicks_7d" / NULLIF("views_7d", 0)` of type DOUBLE.
    """
    types = _types(draft)
    seen = {name.casefold(): f"the feature {name!r}" for name in types}
    for derivation in draft.group_by.derivations or ():
        if derivation.problems:
            continue  # reported as a broken declaration
        is_usable = _check_name(draft, derivation, seen)
        if (bound := _bind(draft, derivation, types)) is not None and is_usable:
            draft.derivations.append(
                Derivation(
                    name=derivation.name,
                    features=list(bound.columns),
                    sql=bound.sql,
                    type=bound.type,
                    declared=draft.place(derivation.site),
                )
            )


def _types(draft: Draft) -> dict[str, str]:
    """Collect the DuckDB types of the features.

    The type is empty where an input is broken, which is reported elsewhere.
    """
    types: dict[str, str] = {}
    for feature in draft.features:
        known = all(name in draft.columns for name in feature.columns)
        types[feature.name] = feature.type(draft.columns) if known else ""
    return types


def _check_name(draft: Draft, derivation: FeatureSpec, seen: dict[str, str]) -> bool:
    """Report a name that is unusable or taken.

    The result says whether a plan can hold it.
    """
    name, site = derivation.name, derivation.site
    if why := unusable(name):
        draft.report("TW007", site, f"the name {name!r} of a derivation {why}.")
    if (other := seen.get(name.casefold())) is not None:
        draft.report(
            "TW006", site, f"the derivation {name!r} has the name of {other}. Give it another."
        )
    seen.setdefault(name.casefold(), f"the derivation at line {site.line}")
    return not why


def _bind(draft: Draft, derivation: FeatureSpec, types: dict[str, str]) -> Typed | None:
    try:
        bound = draft.binder.bind(derivation.expression, "spark", types, FEATURES)
    except ExpressionError as error:
        if error.code and not (error.code == "TW020" and _some_are_broken(draft)):
            draft.report(
                error.code, derivation.site, f"the derivation {derivation.name!r}: {error}"
            )
        return None
    if not draft.binder.can_be_shown(bound.type):
        what = (
            f"{shown(derivation.expression)} is {spark_type(bound.type)}, which an answer "
            "cannot show. Cast it, as in cast(… as double)."
        )
        draft.report("TW026", derivation.site, f"the derivation {derivation.name!r}: {what}")
        return None
    return bound


def _some_are_broken(draft: Draft) -> bool:
    """Tell whether a mistake left an aggregation without features.

    Then a feature may only seem unknown.
    """
    expanded = {id(feature.aggregation) for feature in draft.features}
    return any(id(one) not in expanded for one in draft.group_by.aggregations or ())
