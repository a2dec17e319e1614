"""Where events are, as options say it: of which source each place is."""

from __future__ import annotations

import pytest

from support.plans import aggregations, event_source, plan_of
from tilewright import Operation
from tilewright_runtime.errors import InputError
from tilewright_runtime.event_places import given_places

SCHEMA = {"k": "string", "n": "bigint"}
COUNTS = aggregations("n", [Operation.COUNT], ["1h"])
ONE = plan_of(SCHEMA, ["k"], COUNTS)
TWO = plan_of(SCHEMA, ["k"], COUNTS, sources=[event_source(SCHEMA, name="web"), event_source(SCHEMA, name="shop")])


def test_a_place_names_its_source() -> None:
    """Where there is one source it need not, also if there is a = in the place."""
    assert given_places(TWO, ["shop=b", "web=a=c"]) == {"shop": "b", "web": "a=c"}
    assert given_places(ONE, ["day=1/a"]) == {ONE.sources[0].name: "day=1/a"}


def test_a_place_of_no_source_is_refused() -> None:
    """The message names the sources."""
    with pytest.raises(InputError, match=r"--events a: of which source\? Write NAME=PLACE, with one of web, shop\."):
        given_places(TWO, ["a"])


def test_two_places_of_one_source_are_refused() -> None:
    """One of them would be passed over."""
    with pytest.raises(InputError, match="--events web=b: those of web are said to be in a already"):
        given_places(TWO, ["web=a", "web=b"])
