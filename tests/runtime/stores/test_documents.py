"""Damaged documents of a store: an error that names the document, wherever it is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.events import to_csv
from support.session import SCHEMA, row, simple_plan
from tilewright_runtime import Writer, open_store
from tilewright_runtime.errors import StoreError

DAMAGED = [b"\xff\x00", b"{", b'{"surplus": 1}', b"5", b"[" * 100_000]


@pytest.mark.parametrize("content", DAMAGED)
@pytest.mark.parametrize("kind", ["progress", "position", "beginning"])
def test_a_damaged_document_is_named(tmp_path: Path, kind: str, content: bytes) -> None:
    """Writing the same file again, or one that begins alike, reads every one of them."""
    plan, store = simple_plan(), open_store("memory:")
    rows = [row("a", 1), row("a", 2)]
    for name in ("first.csv", "copy.csv"):
        to_csv(rows, SCHEMA, tmp_path / name)
    with Writer(plan, store) as writer:
        writer.write(tmp_path / "first.csv")
    names = [name for name in store._documents if name.startswith(f"{kind}/")]  # type: ignore[attr-defined]
    assert names
    for name in names:
        store.put(name, content)
    damaged = pytest.raises(StoreError, match=f"document {kind}/.* is damaged")
    with Writer(plan, store) as writer, damaged:
        writer.write(tmp_path / "copy.csv", again=kind == "progress")


PARTS = {
    "progress": ["newest_ms", "watermark_ms", "events", "corrections", "too_late", "streams"],
    "position": ["offset", "rows", "digest", "beginning", "tail", "uri"],
}


@pytest.mark.parametrize("part", [[[1]], True, -1.5, {"a": "x"}], ids=str)
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in PARTS for name in PARTS[kind]])
def test_a_part_of_another_type_is_named(
    tmp_path: Path, kind: str, name: str, part: object
) -> None:
    """A document is looked at whole, before anything is computed from it."""
    plan, store = simple_plan(), open_store("memory:")
    to_csv([row("a", 1)], SCHEMA, tmp_path / "events.csv")
    with Writer(plan, store) as writer:
        writer.write(tmp_path / "events.csv")
    for place, content in list(store._documents.items()):  # type: ignore[attr-defined]
        if place.startswith(f"{kind}/"):
            store.put(place, json.dumps({**json.loads(content), name: part}).encode())
    damaged = pytest.raises(StoreError, match=f"document {kind}/.* is damaged")
    with Writer(plan, store) as writer, damaged:
        writer.write(tmp_path / "events.csv")
        writer.write([row("a", 1)])
