"""How events come: history, a stream, or a replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tilewright_compiler.plan.model import Plan

from ..stores.progress import Progress
from ..times import LATEST_MS
from .late import Lateness
from .merge import Move


@dataclass(frozen=True)
class Arrival:
    """How a plan's events come, and how their times count."""

    plan: Plan
    is_stream: bool
    """Whether they come as they happen; else they are history, in any order."""
    is_replay: bool
    """Whether the past is written again: no event is too late, or too far ahead."""
    clock: Callable[[], int]

    def latest_ms(self) -> int:
        """The latest time that an event may have."""
        return LATEST_MS if self.is_replay else self.clock() + self.plan.late.max_ahead_ms

    def lateness(self, stream: str, progress: Callable[[], Progress]) -> Lateness | None:
        """Tell how late events may be, if that matters.

        `progress` is what the store has; it is read only then.
        """
        if self.is_replay or not (self.is_stream or self.plan.late.policy != "delta"):
            return None
        known = progress()
        if self.is_stream:
            return Lateness.of(self.plan, known.streams.get(stream), is_stream=True)
        return Lateness.of(self.plan, known.watermark_ms, is_stream=False)

    def move(
        self, stream: str, lateness: Lateness | None, newest_ms: int | None, too_late: int
    ) -> Move:
        """Make what moves the watermark after a batch.

        Only a stream moves it with each batch. `too_late` events of it were refused.
        """

        def move(progress: Progress) -> Progress:
            if lateness is None or not self.is_stream:
                return progress
            return progress.moved_stream(stream, lateness.after(newest_ms)).refused(too_late)

        return move
