"""The fixtures that open the store of a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ...stores import Store, open_store


class OpensStore:
    """Opens the store of a test."""

    @pytest.fixture
    def url(self) -> str:
        """Name a new, empty place.

        A subclass overrides this.
        """
        raise NotImplementedError("a class of store tests has a fixture `url`")

    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        """Open an empty store."""
        opened = open_store(url)
        yield opened
        opened.close()
