"""Writers that are killed at any moment, again and again, give the answers of an undisturbed run.

`TILEWRIGHT_KILLS` says how often; `make kills` does it 500 times for each store.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.plans import AT, MINUTE, aggregations, plan_of
from support.redis_server import RedisServer
from support.session import SCHEMA, row
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.ingest.follow import Follower
from tilewright_runtime.ingest.passes import Taker
from tilewright_runtime.readers import find_inputs, stream
from tilewright_runtime.readers.follow import Watched

KILLS = int(os.environ.get("TILEWRIGHT_KILLS", "4"))
KEYS = [f"k{number}" for number in range(40)]
LONGEST_S = 0.5


class Victim:
    """A process that writes and is killed; what it read grows meanwhile."""

    def __init__(self, folder: Path, plan: Plan, url: str, state: str) -> None:
        self._plan, self._url, self._state = plan, url, state
        self._log, self._inbox = folder / "log.jsonl", folder / "inbox"
        self._inbox.mkdir()
        self._log.touch()
        self._random = random.Random(7)
        self.sums: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()

    def _lines(self, count: int) -> str:
        """Some events of any keys and times, which are counted here too."""
        lines = []
        for _ in range(count):
            key, n = self._random.choice(KEYS), self._random.randrange(1000)
            self.sums[key] += n
            self.counts[key] += 1
            ts = AT - 1 - self._random.randrange(50 * MINUTE)
            lines.append(json.dumps(row(key, n, ts=ts)) + "\n")
        return "".join(lines)

    def grow(self, number: int) -> None:
        """Appends to the log, in the middle of a line too, and adds a file to the folder."""
        text = self._lines(self._random.randrange(1, 200))
        half = self._random.randrange(len(text))
        for part in (text[:half], text[half:]):
            with self._log.open("a") as file:
                file.write(part)
            time.sleep(self._random.random() * LONGEST_S / 4)
        if self._random.random() < 0.3:
            hidden = self._inbox / f".{number}"
            hidden.write_text(self._lines(self._random.randrange(1, 400)))
            hidden.rename(self._inbox / f"{number:05}.jsonl")

    def kill(self, number: int) -> None:
        """Starts a writer, lets its inputs grow, and kills it at some moment."""
        process = os.fork()
        if process == 0:
            self._live(follows=number % 2 == 0)
        self.grow(number)
        time.sleep(self._random.random() * LONGEST_S)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)

    def _live(self, follows: bool) -> None:
        """Writes or follows in small batches until the end, which is a kill."""
        try:
            stream.CHUNK_BYTES = 4096
            self.write(follows)
            time.sleep(60)
        finally:
            os._exit(0)

    def write(self, follows: bool) -> None:
        """Writes what is there, or follows it."""
        paths = [str(self._log)]
        if follows or any(self._inbox.glob("[!.]*")):
            paths.append(f"{self._inbox}/*.jsonl")
        store = open_store(self._url)
        state = open_store(self._state) if self._state else None
        with Writer(self._plan, store, state=state, stream=follows, replay=True) as writer:
            taker = Taker(writer, self._plan.sources[0])
            if follows:
                Follower([taker], [Watched(paths)], [], print).run(lambda: False)
            else:
                writer.write_inputs(find_inputs(paths))
        store.close()
        if state is not None:
            state.close()

    def answers(self) -> Iterator[tuple[str, dict[str, object]]]:
        """The features of each key that has events."""
        with open_store(self._url, create=False) as store:
            fetcher = Fetcher(self._plan, store)
            for key in self.counts:
                yield key, fetcher.fetch({"k": key}, at=AT).features


@pytest.fixture
def plan() -> Plan:
    """Counts and sums over an hour, and of all time: tiles of several levels."""
    operations = [Operation.COUNT, Operation.SUM]
    return plan_of(
        SCHEMA, ["k"], [*aggregations("n", operations), *aggregations("n", operations, None)]
    )


@pytest.mark.parametrize("kind", ["lmdb", "redis"])
def test_kills_at_any_moment_lose_and_double_nothing(
    tmp_path: Path, plan: Plan, kind: str, redis_server: RedisServer
) -> None:
    """Each event counts once in every level, however often its writer was killed."""
    url = f"lmdb:{tmp_path}/store" if kind == "lmdb" else redis_server.url()
    victim = Victim(tmp_path, plan, url, "" if kind == "lmdb" else f"lmdb:{tmp_path}/state")
    for number in range(KILLS):
        victim.kill(number)
    victim.grow(KILLS)
    process = os.fork()  # so that no session of this process is inherited by a later victim
    if process == 0:
        victim.write(follows=False)
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0
    for key, features in victim.answers():
        count, total = victim.counts[key], victim.sums[key]
        assert features == {
            "n_count_1h": count,
            "n_sum_1h": total,
            "n_count": count,
            "n_sum": total,
        }
    print(f"{kind}: {KILLS} kills, {sum(victim.counts.values()):,} events, all counted once")
