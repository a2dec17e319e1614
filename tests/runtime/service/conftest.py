"""A service over a store with events of two keys, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.cli import Desk
from support.service import serving
from support.session import row


@pytest.fixture(scope="session")
def served_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A store with events of `a` and `b`; nobody changes it."""
    desk = Desk(tmp_path_factory.mktemp("served"))
    desk.write(desk.events([row("a", 1), row("a", 2), row("b", 4, "é")]))
    return desk


@pytest.fixture(scope="session")
def service(served_desk: Desk) -> Iterator[httpx.Client]:
    """A client of a service of that store."""
    with serving([served_desk.plan], served_desk.store) as client:
        yield client


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A store of one test's own."""
    desk = Desk(tmp_path)
    desk.write(desk.events([row("a", 1), row("b", 4)]))
    return desk
