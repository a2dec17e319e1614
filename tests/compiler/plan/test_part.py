"""Parts of a plan: read strictly, frozen, and written as they were read."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.cases import CASES
from support.fuzzing import damaged, fuzzed
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.frontend.part_models import model_of
from tilewright_compiler.output import plan_text
from tilewright_compiler.plan.checks import PartError
from tilewright_compiler.plan.model import Column, Plan


@cache
def document(name: str) -> Any:
    """The plan of a case as JSON has it."""
    return json.loads(plan_text(compile_paths(str(CASES / f"{name}.py")).plans[0]))


@pytest.mark.parametrize("name", ["quick_start", "exact", "buckets", "derivations"])
def test_a_document_is_written_as_it_was_read(name: str) -> None:
    """Keys keep their order, and fields that were left out stay so."""
    written = Plan.model_validate(document(name)).model_dump()
    assert json.dumps(written) == json.dumps(document(name))


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ({"name": "a"}, "type: is missing"),
        ({"name": "a", "type": "DATE", "nane": "b"}, "nane: is not known"),
        ({"name": "a", "type": None}, "type: is not a text"),
        ([], ": is not an object"),
    ],
)
def test_what_is_no_part_is_refused(value: Any, wrong: str) -> None:
    """The error names the key."""
    with pytest.raises(PartError) as refused:
        Column.model_validate(value)
    assert str(refused.value) == wrong


def test_a_part_is_frozen() -> None:
    """Another value is that of a copy."""
    column = Column(name="a", type="DATE")
    with pytest.raises(AttributeError, match="Column is frozen: copy it with another name"):
        column.name = "b"  # type: ignore[misc]
    assert column.model_copy(update={"name": "b"}) == Column(name="b", type="DATE")
    assert copy.deepcopy(column) == column
    assert hash(copy.copy(column)) == hash(column)


@fuzzed
@given(data=st.data())
def test_pydantic_takes_whatever_is_taken(data: st.DataObject) -> None:
    """Of damaged plans none passes the checks that pydantic's, of the same fields, would refuse."""
    edited = data.draw(damaged(document("exact")))
    try:
        Plan.model_validate(edited)
    except (PartError, RecursionError):
        return
    model_of(Plan).model_validate(edited)
