"""Decides which events of a stream come too late.

The decision is made tile by tile and before anything is merged. An event is late once the watermark
has passed the end of its tile, and too late once it has passed that by the allowed lateness. Its
tile is that of the finest level: covers mix the levels, so all of them hold the same events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Plan

#: The watermark before the first event.
BEFORE_ALL_MS = -(2**62)


@dataclass(frozen=True)
class Lateness:
    """What a plan says of late events, and how far a stream is."""

    tile_ms: int
    allowed_ms: int
    out_of_orderness_ms: int
    watermark_ms: int
    """Before the events that are judged."""

    @classmethod
    def of(cls, plan: Plan, watermark_ms: int | None) -> Lateness:
        """Make the rules of a plan, for a stream that has come to a watermark."""
        began_ms = BEFORE_ALL_MS if watermark_ms is None else watermark_ms
        late = plan.late
        return cls(finest_ms(plan), late.allowed_lateness_ms, late.out_of_orderness_ms, began_ms)

    def closes_ms(self, time_ms: int) -> int:
        """The watermark from which on the tile of a time takes nothing more."""
        return time_ms // self.tile_ms * self.tile_ms + self.tile_ms - 1 + self.allowed_ms

    def too_late(self, times_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which events of a stream come too late.

        The watermark of each is what all earlier ones have made of it.
        """
        newest_ms = np.maximum.accumulate(times_ms) - self.out_of_orderness_ms
        watermarks_ms = np.concatenate([[BEFORE_ALL_MS], newest_ms[:-1]])
        watermarks_ms = np.maximum(watermarks_ms, self.watermark_ms)
        ends_ms = times_ms // self.tile_ms * self.tile_ms + (self.tile_ms - 1)
        is_too_late: NDArray[np.bool_] = ends_ms + self.allowed_ms <= watermarks_ms
        return is_too_late

    def after(self, newest_ms: int | None) -> int:
        """The watermark after events of which the newest is given."""
        if newest_ms is None:
            return self.watermark_ms
        return max(self.watermark_ms, newest_ms - self.out_of_orderness_ms)


def finest_ms(plan: Plan) -> int:
    """Find the length of a plan's finest tiles, or of its chunks if it has no tiles."""
    finest = plan.levels[-1] if plan.levels else plan.events
    if finest is None:
        raise ValueError("the plan keeps nothing")
    return finest.size_ms
