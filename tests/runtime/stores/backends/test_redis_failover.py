"""A cluster of six Redis servers, whose primaries give way or are killed in the middle of work."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.plans import AT, MINUTE
from support.redis_server import RedisServer, redis_server
from support.session import Session, row
from support.waiting import wait_until
from tilewright_runtime import Fetcher
from tilewright_runtime.errors import TilewrightError

pytestmark = pytest.mark.nightly

KEYS = [f"k{number}" for number in range(60)]
OPTIONS = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1500")


class Cluster:
    """Three primaries, each with a replica."""

    def __init__(self, servers: list[RedisServer]) -> None:
        self.servers = servers
        addresses = [f"127.0.0.1:{server.port}@{server.bus_port}" for server in servers]
        made = ["--cluster-replicas", "1", "--cluster-yes"]
        subprocess.run(
            ["redis-cli", "--cluster", "create", *addresses, *made], check=True, capture_output=True
        )
        self.settle()

    def settle(self) -> None:
        """Wait until all running servers say that the cluster is whole, replicas too."""
        wait_until(self._is_whole, "the cluster is whole")

    def _is_whole(self) -> bool:
        for server in self.running():
            client = server.client()
            info = client.info("replication")
            if client.cluster("info")["cluster_state"] != "ok":
                return False
            if info["role"] == "slave" and info["master_link_status"] != "up":
                return False
        return True

    def running(self) -> list[RedisServer]:
        return [server for server in self.servers if server.is_running]

    def of_role(self, role: str) -> list[RedisServer]:
        """The running servers that are `master` or `slave`."""
        found = self.running()
        return [one for one in found if one.client().info("replication")["role"] == role]

    def fail_over(self) -> None:
        """Have a replica take the place of its primary."""
        replica = self.of_role("slave")[0]
        replica.client().execute_command("CLUSTER", "FAILOVER")
        wait_until(lambda: replica.client().info("replication")["role"] == "master", "it took over")
        self.settle()

    def kill_a_primary(self) -> None:
        """Kill one, wait until its replica is in its place, and start it again."""
        (killed, *_) = self.of_role("master")
        killed.stop(signal.SIGKILL)
        wait_until(lambda: len(self.of_role("master")) == 3, "another took over")
        killed.start()
        self.settle()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Six servers of our own."""
    folder = tmp_path_factory.mktemp("cluster")
    with ExitStack() as opened:
        servers = [
            opened.enter_context(redis_server(folder / f"{number}", *OPTIONS))
            for number in range(6)
        ]
        yield Cluster(servers)


class Work:
    """A writer and a reader, which go on until they are told to end."""

    def __init__(self, url: str, state: str) -> None:
        self.session = Session(url=url, state=state)
        self.reading = Session(url=url)
        self.written: Counter[str] = Counter()
        self.begun: Counter[str] = Counter()
        self.batches = 0
        self.wrong: list[Any] = []
        self.answers = 0
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._write, self._read)]

    def __enter__(self) -> Work:
        self.session.write([row("first", 1)])
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def await_batches(self) -> None:
        """Wait until some more batches were written."""
        more = self.batches + 3
        wait_until(lambda: self.batches >= more, "batches were written")

    def _write(self) -> None:
        while not self._is_over.is_set():
            self.begun.update(KEYS)
            rows = [row(key, 1, ts=AT - 1 - self.batches % (50 * MINUTE)) for key in KEYS]
            while not self._has_written(rows):
                time.sleep(0.1)
            self.written.update(KEYS)
            self.batches += 1

    def _has_written(self, rows: Sequence[dict[str, Any]]) -> bool:
        """The same position again is the same batch, which counts once."""
        try:
            self.session.write(rows, position=f"batch {self.batches}")
        except TilewrightError:
            return False
        return True

    def _read(self) -> None:
        fetcher, number = Fetcher(self.reading.plan, self.reading.store), 0
        while not self._is_over.is_set():
            number += 1
            key = KEYS[number % len(KEYS)]
            least = self.written[key]
            try:
                answer = fetcher.fetch({"k": key}, at=AT)
            except TilewrightError:
                continue
            self.answers += 1
            count = answer.features["n_count_1h"]
            if not answer.quality and not least <= count <= self.begun[key]:
                self.wrong.append((key, least, count, self.begun[key]))


@pytest.mark.parametrize("what", ["fail_over", "kill_a_primary"])
def test_nothing_is_lost_or_doubled(cluster: Cluster, tmp_path: Path, what: str) -> None:
    """Writes go on or stop with a clear error, and the next one puts what is missing; answers are
    right, marked or errors.
    """
    for primary in cluster.of_role("master"):
        primary.client().flushall()
    url = cluster.servers[0].url(0).replace("redis:", "redis+cluster:")
    with Work(url, f"lmdb:{tmp_path}/state") as work:
        for _ in range(3):
            work.await_batches()
            getattr(cluster, what)()
    work.session.write([])
    found = {key: work.session.features(k=key)["n_count_1h"] for key in KEYS}
    assert found == dict(work.written)
    assert work.wrong == []
    assert work.answers > 0
