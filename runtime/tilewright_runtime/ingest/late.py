"""Decides which events are late, and which come too late.

The decision is made tile by tile and before anything is merged. An event is late once the watermark
has passed the end of its tile, and too late once it has passed that by the allowed lateness. Its
tile is that of the finest level: covers mix the levels, so all of them hold the same events. Only
in a stream an event is too late: history comes in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Plan

#: The watermark before the first event.
BEFORE_ALL_MS = -(2**62)


class Judged(NamedTuple):
    """Which events are late, and which too late."""

    late: NDArray[np.bool_]
    too_late: NDArray[np.bool_]


@dataclass(frozen=True)
class Lateness:
    """A plan's rules for late events, at a watermark."""

    tile_ms: int
    allowed_ms: int
    out_of_orderness_ms: int
    watermark_ms: int
    """Before the events that are judged."""
    is_stream: bool
    """Whether their order says when they came; history is judged as a whole."""

    @classmethod
    def of(cls, plan: Plan, watermark_ms: int | None, is_stream: bool) -> Lateness:
        """Make a plan's rules at a watermark."""
        began_ms = BEFORE_ALL_MS if watermark_ms is None else watermark_ms
        late = plan.late
        times_ms = (late.allowed_lateness_ms, late.out_of_orderness_ms)
        return cls(finest_ms(plan), *times_ms, began_ms, is_stream)

    def may_be_late(self, oldest_ms: int, newest_ms: int) -> bool:
        """Tell whether any of some events can be late."""
        watermark_ms = self.after(newest_ms) if self.is_stream else self.watermark_ms
        return oldest_ms // self.tile_ms * self.tile_ms + self.tile_ms - 1 <= watermark_ms

    def judge(self, times_ms: NDArray[np.int64]) -> Judged:
        """Judge events in their order.

        The watermark of each event of a stream is what all earlier ones have made of it.
        """
        watermarks_ms = np.full(len(times_ms), self.watermark_ms)
        if self.is_stream:
            newest_ms = np.maximum.accumulate(times_ms)[:-1] - self.out_of_orderness_ms
            np.maximum(watermarks_ms[1:], newest_ms, out=watermarks_ms[1:])
        ends_ms = times_ms // self.tile_ms * self.tile_ms + (self.tile_ms - 1)
        late = ends_ms <= watermarks_ms
        too_late = ends_ms + self.allowed_ms <= watermarks_ms
        return Judged(late & ~(too_late & self.is_stream), too_late & self.is_stream)

    def after(self, newest_ms: int | None) -> int:
        """The watermark after events of which the newest is given."""
        if newest_ms is None:
            return self.watermark_ms
        return max(self.watermark_ms, newest_ms - self.out_of_orderness_ms)


def finest_ms(plan: Plan) -> int:
    """Find the length of a plan's finest tiles.

    If it has none, that of its chunks.
    """
    finest = plan.levels[-1] if plan.levels else plan.events
    if finest is None:
        raise ValueError("the plan keeps nothing")
    return finest.size_ms
