"""JSON is read strictly and written whatever the numbers."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tilewright_runtime.service.bodies import read_json, write_json
from tilewright_runtime.service.problems import RequestError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | TEXTS
DOCUMENTS = st.recursive(
    PLAIN, lambda part: st.lists(part, max_size=3) | st.dictionaries(TEXTS, part, max_size=3)
)


@given(DOCUMENTS)
def test_json_is_read_as_it_was_written(document: Any) -> None:
    """Colons in texts and names are no sign of a name that stands twice."""
    assert read_json(json.dumps(document).encode()) == document


@given(DOCUMENTS, TEXTS)
def test_a_name_may_not_stand_twice(document: Any, name: str) -> None:
    """However deep, and whatever else holds colons."""
    twice = f"{json.dumps(name)}: 1, {json.dumps(name)}: {json.dumps(document)}"
    with pytest.raises(RequestError, match="twice"):
        read_json(f'[{{"a:": ":", "b": {{{twice}}}}}]'.encode())


@pytest.mark.parametrize("text", ['""', '"\\n"'])
def test_deep_nesting_is_read_or_refused(text: str) -> None:
    """It ends neither of the two readers, with escapes and without."""
    body = f"{'[' * 900}{text}{']' * 900}".encode()
    try:
        document = read_json(body)
    except RequestError as wrong:
        assert wrong.code == "bad_json"
    else:
        assert json.dumps(document, check_circular=False).count("[") == 900


def test_a_compressed_body_is_named() -> None:
    """Its bytes would be called no UTF-8 otherwise."""
    with pytest.raises(RequestError, match="is compressed"):
        read_json(gzip.compress(b"[]"))


def test_numbers_beyond_64_bits_are_written() -> None:
    """They are numbers, as the command line prints them."""
    document = {"sum": 10**30, "price": [Decimal("1.50")], "text": "\ud800"}
    assert write_json(document) == (
        b'{"sum": 1000000000000000000000000000000, "price": ["1.50"], "text": "\\ud800"}'
    )
