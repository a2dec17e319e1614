"""How far a store is filled: what of a document and a server says that something is lost."""

from __future__ import annotations

import json

import pytest

from tilewright_runtime.stores.filling import Filled, Filling, Server, condition_of

SERVER = Server("run", 0)


@pytest.mark.parametrize(
    ("server", "condition"),
    [
        (Server("run", 0), ""),
        (Server("run", 3), "evicted"),
        (Server("other", 0), "restarted"),
        (Server("replica", 0, is_primary=False), ""),
    ],
)
def test_a_server_is_compared_with_the_one_that_acknowledged(
    server: Server, condition: str
) -> None:
    """A replica has the document of its primary, and a run of its own."""
    assert condition_of(Filled.of(SERVER, 5, "complete"), server) == condition


def test_a_delivery_that_did_not_end_is_told() -> None:
    """A loss is told before it."""
    assert condition_of(Filled.of(SERVER, 5, "updating"), SERVER) == "updating"
    assert condition_of(Filled.of(SERVER, 5, "filling"), SERVER) == "filling"
    assert condition_of(Filled.of(SERVER, 5, "filling"), Server("other", 0)) == "restarted"


def test_without_a_document_nothing_is_known() -> None:
    """It may have been evicted."""
    assert condition_of(None, SERVER) == "unknown"
    assert condition_of(None, Server("run", 1)) == "evicted"


def test_a_document_is_read_as_it_was_written() -> None:
    """And no two are alike, so that an older one is no newer one."""
    filled = Filled.of(SERVER, 5, "complete")
    assert Filled.from_bytes(filled.to_bytes()) == filled
    assert Filled.of(SERVER, 5, "complete") != filled


@pytest.mark.parametrize(
    "change",
    [
        {"events": "5"},
        {"events": True},
        {"run": 1},
        {"state": "done"},
        {"state": []},
        {"since_ms": None},
        {"more": 1},
    ],
)
def test_a_damaged_document_says_nothing(change: dict[str, object]) -> None:
    """As if there were none, so that the next write fills the store anew."""
    document = json.loads(Filled.of(SERVER, 5, "complete").to_bytes()) | change
    assert Filled.from_bytes(json.dumps(document).encode()) is None


@pytest.mark.parametrize("document", [None, b"", b"x", b"\xb1", b"3", b"[]", b"[" * 100_000])
def test_what_is_no_document_says_nothing(document: bytes | None) -> None:
    """Whatever stands in its place."""
    assert Filled.from_bytes(document) is None


def test_a_table_is_filled_as_far_as_its_emptiest_server() -> None:
    """One server without a document is enough to fill it anew."""
    one = Filled.of(SERVER, 5, "complete")
    both = Filling(["a", "b"], [b"", b""], [SERVER, SERVER], [one, one])
    half = Filling(["a", "b"], [b"", None], [SERVER, SERVER], [one, None])
    assert (both.events, both.is_intact, both.is_complete) == (5, True, True)
    assert (half.events, half.most_events, half.is_intact, half.is_complete) == (0, 5, False, False)
