"""Every way of asking gives the same answer, while events are written beside it.

Cached in memory, in a folder and hardly at all, by the kernel and by numpy, from threads and tasks.
`TILEWRIGHT_COMPARE` says how many fetches are made in all those ways; `make compare` makes 100,000.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from support.kernels import numpy_only
from support.plans import AT, DAY, MINUTE, aggregations, plan_of
from support.session import SCHEMA, row
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import AsyncFetcher, Fetcher, TileCache, Writer, open_store
from tilewright_runtime.fetch.answers import Answer
from tilewright_runtime.fetch.context import FetchState
from tilewright_runtime.fetch.serving import Serving
from tilewright_runtime.stores import CheckedStore, Store
from tilewright_runtime.stores.progress import Progress, progress_name

#: The fetches of each of six cases, each of which is made in six ways.
FETCHES = -(-int(os.environ.get("TILEWRIGHT_COMPARE", "480")) // 6)
KEYS = [f"k{number}" for number in range(12)]
THREADS = 3
#: Comparisons between two batches that are written beside them.
COMPARISONS = 6
STEP, LATEST = 7 * MINUTE, 2 * DAY
#: A key, a query time, and whether all counts that is written.
Asked = tuple[str, int, bool]
NUMBERS = [Operation.COUNT, Operation.SUM, Operation.MAX, Operation.LAST]
SKETCHES = [
    Operation.APPROX_PERCENTILE([0.1, 0.5, 1.0]),
    Operation.APPROX_UNIQUE_COUNT,
    Operation.TOP_K(3),
    Operation.HISTOGRAM(),
    Operation.VARIANCE,
]


def plan_of_late(late: str) -> Plan:
    """A plan of numbers, sketches, sets and texts; with a policy for late events."""
    parts = [
        *aggregations("n", NUMBERS, ["1h", "12h", "7d"]),
        *aggregations("n", SKETCHES, ["12h", "7d"]),
        *aggregations("n", [Operation.APPROX_PERCENTILE([0.5], sketch="kll")], ["2d"]),
        *aggregations("t", [Operation.LAST, Operation.UNIQUE_COUNT], ["7d"]),
        *aggregations("t", [Operation.TOP_K(3), Operation.APPROX_UNIQUE_COUNT], ["12h", "7d"]),
        *aggregations("n", [Operation.APPROX_UNIQUE_COUNT], None),
    ]
    return plan_of(SCHEMA, ["k"], parts, name=f"things_{late}", late=late)


class Writing:
    """Events of a stream, and late ones, as they are written by a thread."""

    def __init__(self, plan: Plan, store: Store, state: Store | None) -> None:
        self._chance = random.Random(7)
        # History takes events of any age, and a stream those of the allowed lateness.
        self._writer = Writer(plan, store, state=state, stream=plan.late.policy == "recompute")
        self.newest_ms = AT

    def write(self, count: int) -> None:
        """Write a batch, of which some are late: some minutes, or days."""
        events = []
        for _ in range(count):
            self.newest_ms += self._chance.randrange(30_000)
            behind = self._chance.choice([0, 0, 0, 0, MINUTE, 20 * MINUTE])
            if self._chance.random() < 0.02:
                behind = self._chance.randrange(LATEST)
            text = self._chance.choice(["", "x", "é", None])
            key, n = self._chance.choice(KEYS), self._chance.randrange(-50, 3_000)
            events.append(row(key, n, text, ts=self.newest_ms - behind))
        self._writer.write(events)

    def close(self) -> None:
        self._writer.close()


class Ways:
    """The ways of asking, which share two caches."""

    def __init__(self, plan: Plan, store: Store, folder: Path) -> None:
        cache, small = TileCache(folder=folder, folder_bytes=4 << 20), TileCache(20_000)
        self._plan, self._store = plan, store
        self._cache = cache
        chance, names = random.Random(7), [feature.name for feature in plan.features]
        #: What is asked for: all features, some, and what one call answers without any step.
        self.selections = [names, *(chance.sample(names, 4) for _ in range(8))]
        self.selections += _whole(Fetcher(plan, store))
        self._fetchers = [self._prepared(None)]
        with numpy_only():
            self._fetchers += [self._prepared(None), self._prepared(cache)]
        self._fetchers += [self._prepared(cache), self._prepared(small)]

    def _prepared(self, cache: TileCache | None) -> Fetcher:
        """Make a fetcher that goes on with the kernel, or without it, whatever it is asked."""
        fetcher = Fetcher(self._plan, self._store, cache=cache)
        for names in self.selections:
            fetcher.context_of(names)
        return fetcher

    def answers(self, asked: Sequence[Asked], names: Sequence[str]) -> list[str]:
        """Ask in each way; the first is by the kernel and without a cache."""
        shown = []
        for fetcher in self._fetchers:
            states = _states(fetcher, asked)
            shown.append(_shown(fetcher.answers(states, fetcher.context_of(names))))
        return [*shown, asyncio.run(self._awaited(asked, names))]

    async def _awaited(self, asked: Sequence[Asked], names: Sequence[str]) -> str:
        async with AsyncFetcher(self._plan, self._store, cache=self._cache) as fetcher:
            states = _states(fetcher, asked)
            return _shown(await fetcher.answers(states, fetcher.context_of(names)))

    def moment(self) -> object:
        """What is written now; None while something is on its way."""
        progress = self._store.get(progress_name(self._plan))
        if not isinstance(self._store, CheckedStore):
            return progress
        filling = self._store.filling(self._plan.name)
        return (progress, *filling.documents) if filling.is_complete else None


class Comparison:
    """Readers that compare, each in a thread, while a writer writes."""

    def __init__(self, ways: Ways, writing: Writing, fetches: int) -> None:
        self._ways, self._writing, self._wanted = ways, writing, fetches
        self._lock = threading.Lock()
        self._turn = threading.Event()
        self._is_over = False
        self.fetches = self.comparisons = self.batches = 0
        self.differences: list[str] = []

    def run(self) -> None:
        """Compare as many fetches as are wanted."""
        with ThreadPoolExecutor(1) as apart, ThreadPoolExecutor(THREADS) as pool:
            writer = apart.submit(self._write)
            readers = [pool.submit(self._read, random.Random(seed)) for seed in range(THREADS)]
            wait(readers)
            self._is_over = True
            self._turn.set()
        for ended in (writer, *readers):
            ended.result()

    @property
    def _is_done(self) -> bool:
        return self.fetches >= self._wanted or bool(self.differences)

    def _write(self) -> None:
        """Write a batch whenever readers have compared some answers, while they are at it."""
        while self._turn.wait() and not self._is_over:
            self._turn.clear()
            self._writing.write(20)
            self.batches += 1

    def _read(self, chance: random.Random) -> None:
        while not self._is_done:
            asked = [self._request(chance) for _ in range(chance.choice([1, 1, 2, 20]))]
            names = chance.choice(self._ways.selections)
            before = self._ways.moment()
            shown = self._ways.answers(asked, names)
            if before is None or before != self._ways.moment():
                continue  # something was written meanwhile, which some have seen and others not
            with self._lock:
                self._count(asked, shown)

    def _count(self, asked: Sequence[Asked], shown: Sequence[str]) -> None:
        """Count a comparison and what differs; let the writer go on from time to time."""
        self.fetches += len(asked)
        self.comparisons += 1
        if len(set(shown)) > 1:
            self.differences.append(f"{asked}: " + "\n".join(shown))
        if self.comparisons % COMPARISONS == 0:
            self._turn.set()

    def _request(self, chance: random.Random) -> Asked:
        """Ask for a key at some time: just now, live or not, or days ago."""
        at_ms = self._writing.newest_ms + chance.randrange(-MINUTE, MINUTE)
        if chance.random() < 0.3:
            at_ms -= chance.randrange(LATEST) // STEP * STEP
        return chance.choice([*KEYS, "nobody"]), at_ms, chance.random() < 0.3


def _whole(fetcher: Fetcher) -> list[list[str]]:
    """Name the features that need no step: numbers, and those with the sketches of a kernel."""
    groups = [one for one in fetcher.program.groups if one.window.window_ms is not None]
    numbers = [name for group in groups for name in group.forms]
    return [numbers, numbers + [name for group in groups for name in group.sketches]]


def _states(fetcher: Serving, asked: Sequence[Asked]) -> list[FetchState]:
    """Make the same requests for each way, also those without a time."""
    states = []
    for key, at_ms, is_live in asked:
        state = fetcher.request({"k": key}, at_ms)
        state.end_ms += fetcher.store.live_ahead_ms if is_live else 0
        states.append(state)
    return states


def _shown(answers: Sequence[Answer]) -> str:
    """All that answers say, in which NaN is equal to itself."""
    return repr([(answer.features, answer.quality) for answer in answers])


@pytest.mark.parametrize(
    ("kind", "late"),
    [
        ("lmdb", "delta"),
        ("redis", "recompute"),
        pytest.param("lmdb", "recompute", marks=pytest.mark.nightly),
        pytest.param("lmdb", "approximate", marks=pytest.mark.nightly),
        pytest.param("redis", "delta", marks=pytest.mark.nightly),
        pytest.param("redis", "approximate", marks=pytest.mark.nightly),
    ],
)
def test_every_way_of_asking_gives_the_same_answer(
    kind: str, late: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """0 differences, whatever is written meanwhile: events in time, late ones, and repairs."""
    plan = plan_of_late(late)
    state = open_store(f"lmdb:{tmp_path}/state") if kind == "redis" else None
    url = request.getfixturevalue("redis_server").url() if state else f"lmdb:{tmp_path}/store"
    with open_store(url) as store:
        writing = Writing(plan, store, state)
        writing.write(500)
        comparison = Comparison(Ways(plan, store, tmp_path / "cache"), writing, FETCHES)
        comparison.run()
        writing.close()
        progress = Progress.load(plan, store.get)
    assert comparison.differences == []
    counted = f"{comparison.fetches:,} fetches in 6 ways, {comparison.batches:,} batches beside"
    print(f"\n{late}, {kind}: {counted}, {progress.corrections} late, {progress.repairs} repairs")
