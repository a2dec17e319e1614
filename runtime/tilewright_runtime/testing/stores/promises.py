"""All that a store promises."""

from __future__ import annotations

from ...stores import open_store
from .contents import ContentsConformance
from .entities import EntityConformance
from .names import NameConformance
from .puts import PutConformance
from .scans import ScanConformance
from .swaps import SwapConformance


class StoreConformance(
    ScanConformance,
    PutConformance,
    SwapConformance,
    NameConformance,
    ContentsConformance,
    EntityConformance,
):
    """The promises of `Store`."""

    def test_closing_twice_is_harmless(self, url: str) -> None:
        """A store may be closed by whoever comes last."""
        store = open_store(url)
        store.close()
        store.close()
