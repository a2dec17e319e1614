"""What features are: operations over a source's expressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tilewright_compiler.humanize import operation_text
from tilewright_compiler.plan.model import Feature, Plan, Source


@dataclass(frozen=True)
class Origin:
    """Where a source takes a column from."""

    source: Source
    expression: str


@dataclass(frozen=True)
class Definition:
    """One operation over a column, for some windows.

    `features` has a name for each window.
    """

    what: str
    type: str
    default: Any
    declared: str | None
    features: tuple[str, ...]


@dataclass(frozen=True)
class InputReport:
    """A column of the events, with its features."""

    column: str
    type: str
    origins: tuple[Origin, ...]
    definitions: tuple[Definition, ...]


def input_reports(plan: Plan) -> list[InputReport]:
    """Group features that differ in their windows alone.

    They stand below the column that they are computed from.
    """
    alike: dict[str, dict[str, list[Feature]]] = {}
    for feature in plan.features:
        key = f"{operation_text(feature)} {feature.declared} {feature.type} {feature.default!r}"
        alike.setdefault(feature.input, {}).setdefault(key, []).append(feature)
    types = {state.input: state.type + "[]" * state.many for state in plan.states}
    reports = []
    for column, groups in alike.items():
        definitions = tuple(map(_definition, groups.values()))
        report = InputReport(column, types.get(column, ""), _origins(plan, column), definitions)
        reports.append(report)
    return reports


def _origins(plan: Plan, column: str) -> tuple[Origin, ...]:
    return tuple(Origin(source, source.selects.get(column, column)) for source in plan.sources)


def _definition(features: list[Feature]) -> Definition:
    first = features[0]
    return Definition(
        operation_text(first),
        first.type,
        first.default,
        first.declared,
        tuple(feature.name for feature in features),
    )


def source_text(source: Source) -> str:
    """Name a source with its table and its topic."""
    sources = [place for place in (source.table, source.topic) if place is not None]
    return f"{source.name} ({', '.join(sources)})" if sources else source.name
