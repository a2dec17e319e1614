"""Pass: give each column one type in all sources."""

from __future__ import annotations

from tilewright.aggregation import Aggregation

from ..draft import Draft
from ..frontend.column_types import spark_type
from ..plan.model import Column
from ..plan.types import element, family

_WIDEST = {"integer": "BIGINT", "float": "DOUBLE", "timestamp": "TIMESTAMP WITH TIME ZONE"}


def agree_on_types(draft: Draft) -> None:
    """Type the draft's keys, inputs and buckets.

    A source that is broken has been reported, and may be the one that says a type.
    """
    if len(draft.sources) < len(draft.group_by.sources or ()):
        return
    for key in draft.group_by.keys or ():
        if kind := _agreed(draft, key, "key"):
            draft.keys.append(Column(name=key, type=_key_type(kind)))
    buckets = {feature.bucket for feature in draft.features}
    for name in draft.feature_columns:
        if kind := _agreed(draft, name, "bucket" if name in buckets else "input"):
            draft.columns[name] = kind
    for aggregation in {id(f.aggregation): f.aggregation for f in draft.features}.values():
        _check_input(draft, aggregation)


def _agreed(draft: Draft, name: str, role: str) -> str | None:
    """Find the type of a column in all sources.

    Equal types are kept; of one family the widest is taken. Only an input may be a list.
    """
    types: dict[str, str] = {}
    for bound in draft.sources:
        if name in bound.types:
            kind = bound.types[name]
            if (what := _unfit(name, role, kind)) is not None:
                draft.report("TW026", bound.source.query.site, what)
                return None
            types[bound.name] = kind
    if len(set(types.values())) < 2:
        return next(iter(types.values()), None)
    families = {(family(element(kind)), kind.endswith("[]")) for kind in types.values()}
    if len(families) == 1:
        (of, many) = families.pop()
        if (widest := _WIDEST.get(of or "")) is not None:
            return f"{widest}[]" if many else widest
    shown_types = ", ".join(f"{spark_type(kind)} in {source}" for source, kind in types.items())
    what = (
        f"the column {name!r} has another type in each source: {shown_types}. Cast it to one "
        "type in each select."
    )
    draft.report("TW028", draft.group_by.site, what)
    return None


def _unfit(name: str, role: str, kind: str) -> str | None:
    """Say why a column's type does not fit a role."""
    many = kind.endswith("[]")
    if family(element(kind)) is None:
        if many:
            advice = "Give a list of plain values."
        else:
            advice = "Cast it, as in cast(… as double) or decimal(18,2)."
        return f"the column {name!r} is {spark_type(kind)}, which tiles cannot hold. {advice}"
    if many and role != "input":
        return (
            f"the {role} {name!r} is {spark_type(kind)}, and a {role} is one value. Select "
            "an element of it under another name."
        )
    return None


def _key_type(kind: str) -> str:
    # As a double 0.1 would be another key than the 0.1 of a request.
    return kind if kind == "FLOAT" else _WIDEST.get(family(kind) or "", kind)


def _check_input(draft: Draft, aggregation: Aggregation) -> None:
    kind = draft.columns.get(aggregation.input_column)
    operation = aggregation.operation
    if kind is not None and family(element(kind)) not in operation.accepts:
        takes = ", ".join(sorted(operation.accepts))
        what = (
            f"{operation.name} does not take {aggregation.input_column!r}, which is "
            f"{spark_type(kind)}."
        )
        draft.report(
            "TW027",
            aggregation.site,
            f"{what} It takes: {takes}. Cast the column, or use another operation.",
        )
