"""Describes how a store fares.

That is how fast it answers, how full it is, and who writes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

#: How often a time is taken; the shortest counts, since others on the machine only add to it.
_TIMES = 15
#: How far back slow commands still tell how a store fares.
BUSY_WINDOW_S = 10
#: The policy of a store that a disk limits.
DISK = "the disk"


@dataclass(frozen=True)
class StoreHealth:
    """What a store says of itself.

    None is what it cannot tell.
    """

    answer_seconds: float
    """How long it takes to answer the smallest question, the way there and back included."""
    connect_seconds: float | None = None
    """How long the way there and back takes by itself; None where there is none."""
    used_bytes: int | None = None
    limit_bytes: int | None = None
    """What it may hold at most."""
    evicted: int = 0
    """Records that it has let go to make room, since it was started."""
    policy: str = ""
    """What it does when it is full."""
    is_being_written: bool | None = None
    """Whether a process is open to write it."""
    written_at_ms: int | None = None
    """When it was last written."""
    busy_seconds: float = 0.0
    """How long commands that it calls slow took in the last `BUSY_WINDOW_S` seconds."""
    slow_command: str = ""
    """The name of the one that took longest."""


def shortest_seconds(work: Callable[[], object]) -> float:
    """Time some work that is done a few times."""
    times = []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)
