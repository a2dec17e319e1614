"""What every store can do; a new module in `tilewright_runtime.stores` is tested here by its being
there.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from support.places import new_place
from tilewright_runtime.errors import StoreError
from tilewright_runtime.stores import open_store, store_modules
from tilewright_runtime.testing.stores import (
    CheckedConformance,
    StoreConformance,
    TransactionConformance,
    record,
    span,
    tiles,
)

SCHEMES = store_modules()
#: Stores that end with their process; all others hold what was written when they are opened again.
EPHEMERAL = {"memory"}


def has(scheme: str, method: str) -> bool:
    """Whether a module makes a class with a method."""
    module = importlib.import_module(f"tilewright_runtime.stores.backends.{scheme}")
    return any(
        hasattr(thing, method)
        for thing in vars(module).values()
        if getattr(thing, "__module__", "") == module.__name__
    )


class TestEveryStore(StoreConformance):
    """The promises of all stores."""

    @pytest.fixture(params=SCHEMES)
    def url(self, request: pytest.FixtureRequest, tmp_path: Path) -> str:
        """A new place for a store of each kind."""
        return new_place(request, request.param, tmp_path)


class TestStoresWithTransactions(TransactionConformance):
    """The promises of those that the writer can use alone."""

    @pytest.fixture(params=[scheme for scheme in SCHEMES if has(scheme, "transact")])
    def url(self, request: pytest.FixtureRequest, tmp_path: Path) -> str:
        """A new place for a store of each kind."""
        return new_place(request, request.param, tmp_path)


class TestStoresThatMayLoseTiles(CheckedConformance):
    """The promises of those that can tell."""

    @pytest.fixture(params=[scheme for scheme in SCHEMES if has(scheme, "scan_checked")])
    def url(self, request: pytest.FixtureRequest, tmp_path: Path) -> str:
        """A new place for a store of each kind."""
        return new_place(request, request.param, tmp_path)


@pytest.mark.parametrize("scheme", [scheme for scheme in SCHEMES if scheme not in EPHEMERAL])
def test_what_was_written_outlives_the_store(
    scheme: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Closed and opened again, also only to be read, a store has its tiles and documents."""
    url = new_place(request, scheme, tmp_path)
    first = open_store(url)
    first.put_newer(tiles(0), [record(1)], None)
    first.put("name", b"value")
    first.close()
    for create in (True, False):
        again = open_store(url, create=create)
        assert (again.scan("t", "s=a", [span(0, 1)]), again.get("name")) == (
            [[record(1)]],
            b"value",
        )
        again.close()


@pytest.mark.parametrize("url", [None, 5, "lmdb:a\0b", "lmdb:a\ud800b"])
def test_what_is_no_url_is_no_store(url: Any) -> None:
    """The mistake is said, and not that of a library."""
    with pytest.raises(StoreError, match="is no URL"):
        open_store(url)


def test_an_unknown_scheme_names_the_known_ones() -> None:
    """A URL of no store of ours is an error that says which there are, and shows no password."""
    for url in ("nosuch:x", "protocol:x", "no colon", "", "reddis://user:secret@host"):
        with pytest.raises(
            StoreError, match=", ".join(f"{scheme}:" for scheme in SCHEMES)
        ) as caught:
            open_store(url)
        assert "secret" not in str(caught.value)
