"""The steps of a fetch, walked one by one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from support.plans import AT, MINUTE, aggregations, plan_of
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.errors import FetchError
from tilewright_runtime.fetch.context import FetchContext, FetchState
from tilewright_runtime.fetch.steps import STEPS, find_boundaries
from tilewright_runtime.stores import Store


def plan(**given: dict[str, str]) -> Plan:
    """Compile the sum of an hour, perhaps with derivations."""
    sums = aggregations("n", [Operation.SUM])
    return plan_of({"k": "string", "n": "bigint"}, ["k"], sums, **given)  # type: ignore[arg-type]


@pytest.fixture
def store() -> Store:
    """Hold two events of a, in two tiles."""
    opened = open_store("memory:")
    events = [{"k": "a", "n": 5, "ts": AT - MINUTE}, {"k": "a", "n": 7, "ts": AT - 30 * MINUTE}]
    with Writer(plan(), opened) as writer:
        writer.write(events)
    return opened


def walk(context: FetchContext, states: Sequence[FetchState], last: str) -> None:
    """Walk the steps up to the one of a name."""
    for step in STEPS:
        step.work(context, states)
        if step.name == last:
            return


def test_the_steps_are_in_the_order_of_their_needs() -> None:
    """What is read follows from ranges, covers follow from what was read, features from covers."""
    names = [step.name for step in STEPS]
    assert names == ["range", "expand", "fetch", "boundaries", "merge"]


def test_a_batch_is_read_in_one_call(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """All requests of a batch go to the store together."""
    fetcher = Fetcher(plan(), store)
    states = [fetcher.request({"k": key}, AT) for key in ("a", "b", "a")]
    calls, scan_many = [], store.scan_many

    def counted(table: str, requests: Sequence[object]) -> object:
        calls.append(len(requests))
        return scan_many(table, requests)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "scan_many", counted)
    walk(fetcher.context, states, "merge")
    assert calls == [3]


def test_each_request_keeps_its_own_answer(store: Store) -> None:
    """A key without events has the value of an empty window."""
    fetcher = Fetcher(plan(), store)
    states = [fetcher.request({"k": key}, AT) for key in ("a", "b")]
    walk(fetcher.context, states, "merge")
    assert [state.features for state in states] == [{"n_sum_1h": 12}, {"n_sum_1h": None}]


def test_too_many_tiles_are_refused_before_they_merge(store: Store) -> None:
    """The message says how many tiles there are, how many may be, and what to do."""
    fetcher = Fetcher(plan(), store)
    states = [fetcher.request({"k": "a"}, AT)]
    walk(fetcher.context, states, "fetch")
    with pytest.raises(FetchError, match=r"1h has 2 tiles of this key.*is 1\. Compile it"):
        find_boundaries(fetcher.context.copied(most_tiles=1), states)


def test_derivations_are_a_step_of_plans_that_have_them(store: Store) -> None:
    """Only then is there a last step, which computes them."""
    derived = plan(derivations={"twice": "n_sum_1h * 2"})
    with Writer(derived, open_store("memory:")) as writer:
        fetcher = Fetcher(derived, writer.store)
    names = [step.name for step in fetcher.context.steps]
    assert names == ["range", "expand", "fetch", "boundaries", "merge", "derive"]
    assert [step.name for step in Fetcher(plan(), store).context.steps] == names[:-1]
