"""Requests of any keys and times: an answer, or an error of ours."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fuzzing import HOSTILE, fuzzed, only_errors_of_ours
from support.plans import AT, aggregations, plan_of
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store

TYPES = ["string", "bigint", "double", "boolean", "date", "timestamp", "decimal(12,2)"]
VALUES = (
    st.sampled_from(HOSTILE)
    | st.text(max_size=9)
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.datetimes()
    | st.datetimes(timezones=st.timezones())
    | st.dates()
    | st.binary(max_size=9)
    | st.just(Decimal("1E+999999"))
)


@cache
def keyed_by(kind: str) -> Plan:
    """A plan with a key of a type."""
    return plan_of({"k": kind, "n": "bigint"}, ["k"], aggregations("n", [Operation.SUM]))


@pytest.mark.parametrize("kind", TYPES)
@fuzzed
@given(key=VALUES, at=st.just(AT) | VALUES, name=st.sampled_from(["k", "k", "k", "", "at"]))
def test_a_request_is_answered_or_refused(kind: str, key: object, at: object, name: str) -> None:
    """Whatever is given for a key of any type, and for the time."""
    plan = keyed_by(kind)
    with closing(open_store("memory:")) as store:
        with Writer(plan, store) as writer:
            writer.write([{"k": None, "n": 1, "ts": AT - 1}])
        fetcher = Fetcher(plan, store)
        with only_errors_of_ours():
            fetcher.fetch({name: key}, at=at)  # type: ignore[arg-type]
