"""Sessions with a store that takes whole tiles: what it holds, and what it loses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from support.plans import AT, HOUR
from support.session import Session, row
from tilewright_runtime import Fetcher
from tilewright_runtime.tiles.keys import TileKeys


def rows_of(hours: Sequence[int], k: str = "a") -> list[dict[str, Any]]:
    """An event of the simple plan so many hours before the query time, for each."""
    return [row(k, hour, f"text {hour % 5}", ts=AT - hour * HOUR - 1) for hour in hours]


def held(session: Session) -> dict[bytes, bytes]:
    """All tiles that the Redis of a session has, by key."""
    client = session.store._commands.client  # type: ignore[attr-defined]
    return {
        key: client.get(key) for key in client.scan_iter("tiles::*") if not key.endswith(b"::first")
    }


def merged(session: Session) -> dict[bytes, bytes]:
    """All tiles of the state, by the key that they have in Redis."""
    parts = session.state.tiles(session.plan.name)  # type: ignore[union-attr]
    return {
        key.encode(): record
        for keys, records in parts
        for key, record in zip(keys.texts, records, strict=True)
    }


def losing(session: Session, monkeypatch: pytest.MonkeyPatch, lose: Callable[[], None]) -> None:
    """Let the store lose something after the first tiles of the next delivery were put."""
    put = session.store.put_newer
    calls: list[int] = []

    def put_and_lose(keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None) -> None:
        put(keys, records, ttl_ms)
        calls.append(len(records))
        if len(calls) == 1:
            lose()

    monkeypatch.setattr(session.store, "put_newer", put_and_lose)


def quality(fetcher: Fetcher) -> dict[str, Any]:
    """What an answer at the query time says against itself."""
    return fetcher.fetch({"k": "a"}, at=AT).quality
