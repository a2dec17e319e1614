"""Derivations: values that are computed from features.

Plain expressions are computed in Python, all others by DuckDB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tilewright_compiler.plan.model import Plan

from .plain.expressions import plain_expression

if TYPE_CHECKING:
    from .sql_derivations import SqlDerivations


class Derivations:
    """The derivations of a plan; threads may share them."""

    def __init__(self, plan: Plan) -> None:
        types = {feature.name: feature.type for feature in plan.features}
        self._names = [derivation.name for derivation in plan.derivations]
        self._plain = {}
        others = []
        for derivation in plan.derivations:
            compute = plain_expression(derivation.sql, derivation.type, types)
            if compute is None:
                others.append(derivation)
            else:
                self._plain[derivation.name] = compute
        self._sql: SqlDerivations | None = None
        if others:
            from .sql_derivations import SqlDerivations  # imports DuckDB

            self._sql = SqlDerivations(plan, others)

    def of(self, answers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Compute the derivations of each answer's features.

        They are in the order of the plan. One that cannot be computed is null.
        """
        if self._sql is None:
            return [self._computed(features) for features in answers]
        derived = []
        for features, others in zip(answers, self._sql.of(answers), strict=True):
            values = self._computed(features) | others
            derived.append({name: values[name] for name in self._names})
        return derived

    def _computed(self, features: Mapping[str, Any]) -> dict[str, Any]:
        return {name: compute(features) for name, compute in self._plain.items()}
