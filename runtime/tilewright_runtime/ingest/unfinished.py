"""How many tiles are not finished."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..tiles.keys import Kind


class UnfinishedTiles:
    """Counts the tiles of a writer that may still change."""

    def __init__(self, lateness_ms: int) -> None:
        self._lateness_ms = lateness_ms
        self._starts: dict[int, dict[int, int]] = {}

    def add(
        self, added: Mapping[tuple[Kind, int], NDArray[np.int64]], watermark_ms: int | None
    ) -> int:
        """Add new tiles by start, and count unfinished ones."""
        until_ms = None if watermark_ms is None else watermark_ms - self._lateness_ms
        for (_, size_ms), starts_ms in added.items():
            counts = self._starts.setdefault(size_ms, {})
            if until_ms is not None:  # most tiles of a history are finished with the batch
                starts_ms = starts_ms[starts_ms + (size_ms - 1) > until_ms]
            starts, new = np.unique(starts_ms, return_counts=True)
            for start_ms, count in zip(starts.tolist(), new.tolist(), strict=True):
                counts[start_ms] = counts.get(start_ms, 0) + count
        if until_ms is not None:
            self._finish(until_ms)
        return sum(sum(counts.values()) for counts in self._starts.values())

    def _finish(self, until_ms: int) -> None:
        for size_ms, counts in self._starts.items():
            for start_ms in [start for start in counts if start + size_ms - 1 <= until_ms]:
                del counts[start_ms]
