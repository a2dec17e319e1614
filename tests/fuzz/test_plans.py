"""Plans that were edited and given a fingerprint that fits: refused, or as good as any."""

from __future__ import annotations

import json
from contextlib import closing
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.cases import CASES
from support.fuzzing import damaged, fuzzed, only_errors_of_ours
from support.plans import AT
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.output import plan_text
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.plans import plan_of_document
from tilewright_runtime.reports.plan import report


@cache
def document(name: str) -> Any:
    """The plan of a case as JSON has it."""
    return json.loads(plan_text(compile_paths(str(CASES / f"{name}.py")).plans[0]))


def signed(edited: Any) -> Any:
    """The document with both fingerprints of its own content, where it has them."""
    try:
        stored = Plan.model_validate(edited).digest_of_storage()
        edited = edited | {"storage_fingerprint": stored}
        fingerprint = Plan.model_validate(edited).content_fingerprint()
    except (ValueError, OverflowError, RecursionError):
        return edited
    return edited | {"fingerprint": fingerprint}


@pytest.mark.parametrize("name", ["quick_start", "exact", "buckets", "derivations"])
@fuzzed
@given(data=st.data())
def test_an_edited_plan_is_refused_or_used(name: str, data: st.DataObject) -> None:
    """Loading, explaining, writing and fetching raise nothing but errors of ours."""
    with only_errors_of_ours():
        plan = plan_of_document(signed(data.draw(damaged(document(name)))), "plan.json")
        report(plan, AT)
        columns = [column.name for column in plan.sources[0].columns]
        rows = [dict.fromkeys(columns, value) for value in ("a", "1", None)]
        with closing(open_store("memory:")) as store:
            with Writer(plan, store) as writer:
                writer.write(rows, source=plan.sources[0].name)
            Fetcher(plan, store).fetch({key.name: "1" for key in plan.keys}, at=AT)
