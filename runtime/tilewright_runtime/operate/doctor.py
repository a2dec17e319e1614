"""Doctor: why fetches are slow, and why tiles are missing.

Both diagnoses are lists of checks. Each has its evidence, and what to do where it finds a cause.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tilewright_compiler.plan.model import Plan

from ..errors import StoreError
from ..stores import Store
from .latency import LATENCY_CHECKS
from .missing import MISSING_CHECKS
from .observations import Finding, Observations, Severity, observe

__all__ = ["Check", "Diagnosis", "Examination", "Severity", "examine"]


@dataclass(frozen=True)
class Check:
    """What one check found."""

    name: str
    finding: Finding


@dataclass(frozen=True)
class Diagnosis:
    """The checks of one complaint."""

    complaint: str
    checks: Sequence[Check]

    @property
    def causes(self) -> list[Check]:
        """The checks that found a cause, the gravest first."""
        causes = [check for check in self.checks if check.finding.severity > Severity.OK]
        return sorted(causes, key=lambda check: -check.finding.severity)


@dataclass(frozen=True)
class Examination:
    """Both diagnoses of a plan and its store."""

    plan: str
    store: str
    at_ms: int
    diagnoses: Sequence[Diagnosis]

    @property
    def severity(self) -> Severity:
        """That of the gravest cause."""
        severities = [check.finding.severity for one in self.diagnoses for check in one.causes]
        return max(severities, default=Severity.OK)


_CHECKS = {"high_latency": LATENCY_CHECKS, "missing_tiles": MISSING_CHECKS}


def examine(
    plan: Plan,
    store: Store,
    *,
    keys: Mapping[str, Any] | None = None,
    metrics: str | None = None,
    way_seconds: float | None = None,
    max_age_ms: int | None = None,
) -> Examination:
    """Examine a plan and its live store.

    Fetches of `keys`, or of some entities of the store, are measured. `metrics` is what a service
    or a writer exposes, if there is one, and `way_seconds` how far it is. `max_age_ms` is how old
    the newest event may be, by default as the plan says, or an hour. Raises KeyValueError for keys
    that the plan cannot have, and StoreError if the store holds nothing of the plan.
    """
    seen = observe(plan, store, keys, metrics, way_seconds, max_age_ms)
    return _examination(plan, store.url, seen)


def unreachable(plan: Plan, store: str, error: StoreError) -> Examination:
    """Blame a store that does not answer."""
    reason = Finding(
        Severity.CRITICAL,
        str(error),
        "the store cannot be read",
        "Do what the evidence says, and examine again.",
    )
    unknown = Finding(Severity.OK, "not known, since the store cannot be read", "not checked")
    diagnoses = []
    for complaint, checks in _CHECKS.items():
        of_complaint = []
        for name in checks:
            of_complaint.append(Check(name, reason if name == "store_health" else unknown))
        diagnoses.append(Diagnosis(complaint, of_complaint))
    return Examination(plan.name, store, time.time_ns() // 1_000_000, diagnoses)


def _examination(plan: Plan, store: str, seen: Observations) -> Examination:
    diagnoses = []
    for complaint, checks in _CHECKS.items():
        of_complaint = [Check(name, check(seen)) for name, check in checks.items()]
        diagnoses.append(Diagnosis(complaint, of_complaint))
    return Examination(plan.name, store, seen.at_ms, diagnoses)
