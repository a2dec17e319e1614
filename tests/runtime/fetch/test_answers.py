"""Answers to many requests, whose features become objects where somebody looks."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from support.kernels import numpy_only, required_kernel
from support.plans import AT, MINUTE, aggregations, plan_of
from support.session import Session
from tilewright import Operation
from tilewright_runtime import Answer, Fetcher

KEYS = [{"k": f"key{number}"} for number in range(9)]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A store on a disk with an event of each key but the last."""
    required_kernel()
    schema = {"k": "string", "n": "bigint", "x": "double"}
    operations = [Operation.COUNT, Operation.SUM, Operation.AVERAGE, Operation.VARIANCE]
    asked = [*aggregations("n", operations), *aggregations("x", operations)]
    session = Session(plan_of(schema, ["k"], asked), f"lmdb:{tmp_path}/store")
    event = {"x": 0.1, "ts": AT // MINUTE * MINUTE - MINUTE}
    session.write([{**keys, "n": 7, **event} for keys in KEYS[:-1]])
    return session


def fetched(session: Session) -> list[Answer]:
    """Answers of which nobody has seen the features."""
    fetcher = Fetcher(session.plan, session.store)
    at = AT // MINUTE * MINUTE
    fetcher.fetch_many(KEYS, at)  # maps the file
    answers = fetcher.fetch_many(KEYS, at)
    assert all(answer.later is not None for answer in answers)
    return answers


def by_numpy(session: Session) -> list[Answer]:
    with numpy_only():
        return Fetcher(session.plan, session.store).fetch_many(KEYS, AT // MINUTE * MINUTE)


def one_by_one(answers: Any) -> list[Answer]:
    return [copy.copy(answer) for answer in answers]


def pickled(answers: Any) -> Any:
    return pickle.loads(pickle.dumps(answers))


@pytest.mark.parametrize("passed_on", [list, copy.deepcopy, one_by_one, pickled])
def test_answers_that_nobody_has_seen_are_whole(
    session: Session, passed_on: Callable[[Any], list[Answer]]
) -> None:
    """They are compared, copied and pickled with their features."""
    assert passed_on(fetched(session)) == by_numpy(session)


def test_features_are_made_once(session: Session) -> None:
    """What somebody changes in them stays."""
    answer = fetched(session)[0]
    answer.features["n_sum_1h"] = None
    assert answer.features["n_sum_1h"] is None


def test_threads_may_look_at_once(session: Session) -> None:
    """Each of them sees the features."""
    expected = [answer.features for answer in by_numpy(session)]
    answers = fetched(session)
    with ThreadPoolExecutor(4) as pool:
        seen = [pool.submit(lambda: [one.features for one in answers]) for _ in range(4)]
    assert [one.result() for one in seen] == [expected] * 4


def test_an_answer_has_no_other_attributes(session: Session) -> None:
    """A name that is none is an error, as of any object."""
    with pytest.raises(AttributeError, match="has no feature"):
        fetched(session)[0].feature  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError, match="has no later"):
        Answer({}, AT, {}).later  # noqa: B018
