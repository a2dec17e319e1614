"""What stores with transactions put, and what they leave as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.session import Session, row
from tilewright_runtime.tiles.entities import entity_encoder


@pytest.fixture(params=["memory:", "lmdb:"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Session:
    return Session(url=request.param + (str(tmp_path) if request.param == "lmdb:" else ""))


def test_a_tile_that_is_as_new_as_the_stored_one_is_not_put(session: Session) -> None:
    """Both are of the same events, and the stored one may have been repaired."""
    session.write([row("a", 1)])
    name, entity = session.plan.name, entity_encoder(session.plan.keys)(["a"])
    keys, records = session.store.read_entity(name, entity)[0]
    other = [record[:-1] + bytes([record[-1] ^ 1]) for record in records]
    session.store.put_newer(keys, other, None)
    assert session.store.read_entity(name, entity)[0][1] == records


def test_the_first_document_of_a_name_stays(session: Session) -> None:
    """Whoever comes later is told which it is."""
    found = [session.store.put_first("name", value) for value in (b"first", b"second")]
    assert (found, session.store.get("name")) == ([b"first", b"first"], b"first")
