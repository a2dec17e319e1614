"""Where the tests put stores: a new, empty place for a store of each scheme."""

from __future__ import annotations

from pathlib import Path

import pytest

#: scheme -> the fixture of the server that such a store needs; other stores need a folder.
SERVERS = {"redis": "redis_server", "rediss": "tls_redis_server"}


def new_place(request: pytest.FixtureRequest, scheme: str, folder: Path) -> str:
    """The URL of an empty place for a store."""
    if scheme in SERVERS:
        url: str = request.getfixturevalue(SERVERS[scheme]).url()
        return url
    return f"{scheme}:{folder}/store"
