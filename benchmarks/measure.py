"""Timing: floor and subject side by side in one process."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from tilewright_runtime.states.kernel import VARIABLE


def side_by_side_us(
    *works: Callable[[], Any], repeat: int = 3000, warm_up: int = 200
) -> list[tuple[float, float]]:
    """The median and the 99th percentile of each call, in microseconds.

    The calls take turns, so that a machine that slows down for a while slows all of them.
    """
    for _ in range(warm_up):
        for work in works:
            work()
    times: list[list[int]] = [[] for _ in works]
    for _ in range(repeat):
        for work, taken in zip(works, times, strict=True):
            begun = time.perf_counter_ns()
            work()
            taken.append(time.perf_counter_ns() - begun)
    return [
        (statistics.median(taken) / 1000, statistics.quantiles(taken, n=100)[98] / 1000)
        for taken in times
    ]


def cpu_us(works: Sequence[Callable[[], Any]], repeat: int = 200) -> list[float]:
    """The 10th percentile of each call's processor time, in microseconds, in turns.

    The median of a busy machine is that of its other work.
    """
    times: list[list[int]] = [[] for _ in works]
    for _ in range(repeat):
        for work, taken in zip(works, times, strict=True):
            begun = time.process_time_ns()
            work()
            taken.append(time.process_time_ns() - begun)
    return [statistics.quantiles(taken, n=10)[0] / 1000 for taken in times]


def without_kernel() -> AbstractContextManager[Any]:
    """Have numpy do the native kernel's work meanwhile."""
    return patch.dict(os.environ, {VARIABLE: "off"})


def seconds(work: Callable[[], Any]) -> float:
    """How long one call takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def cpu_seconds(work: Callable[[], Any]) -> float:
    """The time that processors spend on one call, also in the processes that it starts and waits
    for.
    """
    begun = os.times()
    work()
    return sum(os.times()[:4]) - sum(begun[:4])
