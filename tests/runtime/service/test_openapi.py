"""The service does what its OpenAPI document says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.plans import AT

if TYPE_CHECKING:
    import schemathesis

#: Requests that are made of each operation.
_EXAMPLES = 25


def test_every_operation_keeps_to_its_document(service: httpx.Client) -> None:
    """Whatever is sent, the status, the type and the form of the response are documented."""
    import schemathesis  # which takes seconds, also where other tests are collected
    from schemathesis.core.result import Ok

    schema = schemathesis.openapi.from_url(f"{service.base_url}/openapi.json")
    paths = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        paths.append(operation.path)
        cases = operation.as_strategy() | operation.as_strategy(
            generation_mode=schemathesis.GenerationMode.NEGATIVE
        )

        @settings(max_examples=_EXAMPLES, suppress_health_check=list(HealthCheck))
        @given(case=cases)
        def check(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(session=None)

        check()
    assert "/v1/features/groupby/{name}" in paths


@settings(max_examples=_EXAMPLES, suppress_health_check=list(HealthCheck))
@given(keys=st.lists(st.fixed_dictionaries({"k": st.text(max_size=5)}), max_size=3))
def test_every_text_is_a_key(service: httpx.Client, keys: list[dict[str, str]]) -> None:
    """Each row answers the keys in its place."""
    body = json_text({"keys": keys, "at": AT})
    found = service.post("/v1/features/groupby/things", content=body).json()["results"]
    assert [row["entityKeys"] for row in found] == keys


def json_text(document: object) -> bytes:
    """JSON with escapes only where it needs them."""

    return json.dumps(document).encode()
