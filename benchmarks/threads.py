"""How many fetches eight threads make that share a fetcher, beside one thread.

    python benchmarks/threads.py

Beside them stand checksums of a megabyte, which need no lock of Python, and fetches by two
processes with a lock each: what this machine gives at the time. The floor is the hand-written scan
and reduction of benchmarks/fetch.py: what the interpreter gives to threads, where a call takes some
microseconds. Numbers are the plan of thirty features of benchmarks/fetch.py, and sketches are
percentiles and counts of different values over a day; each with the native kernel and with numpy.
Features of many keys become objects where somebody looks, so they are also fetched and looked at.
"""

from __future__ import annotations

import math
import statistics
import tempfile
import zlib
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa

from fetch import Floor, events, numbers
from measure import seconds, without_kernel
from plans import END_MS, plan_of
from tilewright import Operation
from tilewright_compiler.output import plan_text
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, load_plan, open_store
from tilewright_runtime.states.kernel import kernel

THREADS = 8
ROUNDS = 9
#: How long one thread works in a round: many times the interpreter's turn of five milliseconds.
ROUND_S = 0.2
SKETCHES = [
    ("amount", Operation.APPROX_PERCENTILE([0.5, 0.95, 0.99])),
    ("amount", Operation.APPROX_UNIQUE_COUNT),
]
KEYS = [{"user_id": f"user{number}"} for number in range(20)]
#: What a process fetches with.
_fetcher: Fetcher


def speed_up(work: Callable[[], Any]) -> tuple[float, float]:
    """The calls per second of one thread, and how many times as many eight threads make."""
    work()
    shortest_s = min(seconds(work) for _ in range(10))
    times = THREADS * math.ceil(ROUND_S / shortest_s / THREADS)

    def some(count: int) -> None:
        for _ in range(count):
            work()

    with ThreadPoolExecutor(THREADS) as pool:
        return in_turns(pool, THREADS, some, times)


def in_turns(
    pool: Executor, workers: int, some: Callable[[int], None], times: int
) -> tuple[float, float]:
    """The calls per second of one worker, and how many times as many all of them make.

    Both take turns, so that what slows the machine slows both; the median of some rounds.
    """

    def among(count: int) -> None:
        for done in [pool.submit(some, times // count) for _ in range(count)]:
            done.result()

    rates, ratios = [], []
    among(workers)
    for _ in range(ROUNDS):
        alone, shared = seconds(lambda: among(1)), seconds(lambda: among(workers))
        rates.append(times / alone)
        ratios.append(alone / shared)
    return statistics.median(rates), statistics.median(ratios)


def processes(title: str, folder: Path, fetch_s: float) -> None:
    """Measure fetches of sixty keys by two processes beside one."""
    times = 2 * math.ceil(ROUND_S / fetch_s / 2)
    with ProcessPoolExecutor(2, get_context("spawn"), _open, (folder,)) as pool:
        rate, ratio = in_turns(pool, 2, _fetch_some, times)
    print(f"{title}: 60 keys {rate:,.0f}/s, 2 processes {ratio:.2f} x", flush=True)


def _open(folder: Path) -> None:
    """Prepare a process to fetch."""
    global _fetcher
    _fetcher = Fetcher(load_plan(folder), open_store(f"lmdb:{folder / 'store'}"))


def _fetch_some(count: int) -> None:
    for _ in range(count):
        _fetcher.fetch_many(KEYS * 3, END_MS)


def report(title: str, plan: Plan, table: pa.Table, *, by_hand: bool) -> None:
    """Write, fetch and measure one plan, and where wanted its floor."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"lmdb:{Path(folder) / 'store'}")
        with Writer(plan, store) as writer:
            writer.write(table)
        fetcher = Fetcher(plan, store)
        if by_hand:
            (Path(folder) / "plan.json").write_text(plan_text(plan))
            fetch_s = min(seconds(partial(fetcher.fetch_many, KEYS * 3, END_MS)) for _ in range(10))
            processes(title, Path(folder), fetch_s)
            tell(f"{title}: hand-written scan and reduction", Floor(folder, fetcher, KEYS[7]).run)
        measure(f"{title}, {'kernel' if kernel() else 'no kernel'}", fetcher)
        with without_kernel():
            measure(f"{title}, numpy", Fetcher(plan, store))


def measure(title: str, fetcher: Fetcher) -> None:
    """Measure fetches of one key, of twenty and of sixty."""
    tell(f"{title}: fetch", partial(fetcher.fetch, KEYS[7], END_MS))
    tell(f"{title}: 20 keys", partial(fetcher.fetch_many, KEYS, END_MS))
    tell(f"{title}: 60 keys", partial(fetcher.fetch_many, KEYS * 3, END_MS))

    def look() -> None:
        for answer in fetcher.fetch_many(KEYS * 3, END_MS):
            answer.features  # noqa: B018 - makes them

    tell(f"{title}: 60 keys, looked at", look)


def tell(title: str, work: Callable[[], Any]) -> None:
    """Measure some work, and print its line."""
    rate, ratio = speed_up(work)
    print(f"{title} {rate:,.0f}/s, {THREADS} threads {ratio:.2f} x", flush=True)


def main() -> None:
    """The machine, then both plans."""
    megabyte = bytes(1 << 20)
    tell("checksums of a megabyte:", lambda: zlib.crc32(megabyte))
    table = events(20, 20_000)
    windows = ["1h", "12h", "7d"]
    report("numbers", numbers(["amount", "price"], windows), table, by_hand=True)
    sketches = plan_of("bench.threads", {"amount": "double"}, SKETCHES, ["1d"])
    report("sketches", sketches, table, by_hand=False)


if __name__ == "__main__":
    main()
