"""Timing: medians in one process, floor and subject side by side."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any


def median_us(work: Callable[[], Any], repeat: int = 3000, warm_up: int = 200) -> tuple[float, float]:
    """The median and the 99th percentile of a call, in microseconds."""
    for _ in range(warm_up):
        work()
    times = []
    for _ in range(repeat):
        begun = time.perf_counter_ns()
        work()
        times.append(time.perf_counter_ns() - begun)
    times.sort()
    return statistics.median(times) / 1000, times[int(len(times) * 0.99)] / 1000


def seconds(work: Callable[[], Any]) -> float:
    """How long one call takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
