"""What a service asks its store of its plans."""

from __future__ import annotations

from typing import Any

import pytest

from support.plans import aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import open_store
from tilewright_runtime.errors import StoreError
from tilewright_runtime.service.plans import ServedPlans
from tilewright_runtime.stores import Store
from tilewright_runtime.stores.progress import progress_name

FIRST, SECOND = (
    plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM]), name=name) for name in ("a", "b")
)


def served(*plans: Plan, store: Store) -> ServedPlans:
    """Plans that are served from a store."""
    return ServedPlans(plans, store, allow_many_tiles=False)


def test_a_store_that_is_away_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many plans there are: each answer may take as long as a timeout."""
    store, asked = open_store("memory:"), []

    def away(name: str) -> Any:
        asked.append(name)
        raise StoreError("the store does not answer")

    monkeypatch.setattr(store, "get", away)
    assert served(FIRST, SECOND, store=store).progress() == {}
    assert len(asked) == 1


def test_a_damaged_document_hides_no_other_plan() -> None:
    """The second plan's progress is read."""
    session = Session(SECOND)
    session.write([row("a", 1)])
    session.store.put(progress_name(FIRST), b"{")
    found = served(FIRST, SECOND, store=session.store).progress()
    assert (list(found), found["b"].events) == (["b"], 1)
