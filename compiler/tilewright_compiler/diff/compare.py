"""Comparison of two plans, part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby

from ..plan.model import Plan
from .answers import derivation_changes, feature_changes, setting_changes
from .levels import event_changes, level_changes
from .stored import key_changes, name_changes, source_changes, state_changes
from .verdicts import Change, Verdict


@dataclass(frozen=True)
class Difference:
    """All changes from one plan to another, the gravest first."""

    old: Plan
    new: Plan
    changes: tuple[Change, ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of all changes."""
        return max((change.verdict for change in self.changes), default=Verdict.UNCHANGED)

    def lines(self) -> Iterator[str]:
        """Write the verdict, its meaning and the changes by verdict."""
        names = dict.fromkeys([self.old.name, self.new.name])
        yield f"{' -> '.join(names)}: {self.verdict.title}"
        yield f"  {self.verdict.meaning}"
        for verdict, changes in groupby(self.changes, lambda change: change.verdict):
            yield f"  {verdict.title}:"
            for change in changes:
                yield f"  - {change.text}"


def compare(old: Plan, new: Plan) -> Difference:
    """List what changed between two plans, the gravest first.

    Tiles that must not be mixed never count as compatible.
    """
    changes = list(chain.from_iterable(part(old, new) for part in _PARTS))
    gravest = max((change.verdict for change in changes), default=Verdict.UNCHANGED)
    if old.storage_fingerprint != new.storage_fingerprint and gravest < Verdict.NEW_LEVEL:
        what = f"storage fingerprint {old.storage_fingerprint} -> {new.storage_fingerprint}"
        changes.append(
            Change(Verdict.NEW_TABLE, what, "the order or layout of what tiles hold is another")
        )
    elif old.fingerprint != new.fingerprint and not changes:
        changes.append(
            Change(
                Verdict.COMPATIBLE,
                "generated texts of the plan",
                "another version of the compiler wrote them",
            )
        )
    return Difference(old, new, tuple(sorted(changes, key=lambda change: -change.verdict)))


#: Each finds the changes of its part of a plan.
_PARTS: tuple[Callable[[Plan, Plan], Iterator[Change]], ...] = (
    name_changes,
    key_changes,
    source_changes,
    state_changes,
    level_changes,
    event_changes,
    feature_changes,
    derivation_changes,
    setting_changes,
)
