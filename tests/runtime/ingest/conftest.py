"""Stores of whole tiles for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.redis_server import RedisServer
from support.session import Session


@pytest.fixture
def session(redis_server: RedisServer, tmp_path: Path) -> Session:
    """The simple plan with a database of its own and its state."""
    return Session(url=redis_server.url(), state=f"lmdb:{tmp_path}/state")
