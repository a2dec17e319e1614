"""How many look-ups a second `tilewright serve` answers, its load generator beside it.

    python benchmarks/service.py [--workers N] [--connections N] [--rounds N] [--store URL]
    python benchmarks/service.py --soak 300 --rate 750

The plan has five operations over 4h in 5-minute tiles, and 20 entities have events. Connections ask
without a pause, one request at a time each: for `/ping`, for one key, and for 20 keys. The floor is
`/ping`, the empty endpoint of the same server. Processor time is that of the round with the least,
which other work disturbed least; look-ups a second follow from it, for two processors which do
nothing else than serve and ask. What part of the empty endpoint's requests a server answers is the
median of rounds, since the two of a round had the machine in the same state.

`--soak` asks for 20 keys at a steady rate, and prints errors and the memory of all processes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httptools
import uvloop

from fetch import events, numbers
from plans import END_MS
from tilewright_compiler.output import plan_text
from tilewright_runtime import Writer, open_store

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """The bytes of a request."""
    head = f"{method} {path} HTTP/1.1\r\nhost: service\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def asks_for(keys: int) -> bytes:
    """A request for the features of some keys."""
    entities = [{"user_id": f"user{index % 20}"} for index in range(keys)]
    body = json.dumps({"keys": entities, "at": END_MS}).encode()
    return request("POST", "/v1/features/groupby/bench.fetch", body)


class Connection(asyncio.Protocol):
    """A client that asks again as soon as it is answered, or at its next time."""

    def __init__(self, wanted: bytes, until: float, interval_s: float = 0.0) -> None:
        self.wanted = wanted
        self.until = until
        self.interval_s = interval_s
        self.times: list[float] = []
        self.errors = 0
        self.ended = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        self._transport = transport
        self._due = time.perf_counter()
        self._ask()

    def _ask(self) -> None:
        self._begun = time.perf_counter()
        self._transport.write(self.wanted)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Read some of an answer."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Count an answer, and ask again."""
        now = time.perf_counter()
        self.times.append(now - self._begun)
        self.errors += self._parser.get_status_code() != 200
        self._due += self.interval_s
        if max(now, self._due) >= self.until:
            self._transport.close()
        elif self._due > now:
            asyncio.get_running_loop().call_later(self._due - now, self._ask)
        else:
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        """End, with an error if it came too early."""
        self.errors += error is not None
        if not self.ended.done():
            self.ended.set_result(None)


async def load(
    port: int, wanted: bytes, seconds: float, connections: int, rate: float = 0.0
) -> tuple[list[float], int]:
    """Times of all answers in seconds, and the number of errors."""
    loop = asyncio.get_running_loop()
    until = time.perf_counter() + seconds
    interval_s = connections / rate if rate else 0.0
    opened = []
    for _ in range(connections):
        _, one = await loop.create_connection(
            lambda: Connection(wanted, until, interval_s), "127.0.0.1", port
        )
        opened.append(one)
    await asyncio.gather(*(one.ended for one in opened))
    times = [taken for one in opened for taken in one.times]
    return times, sum(one.errors for one in opened)


def processes(root: int) -> list[int]:
    """The ids of a process and of those that it started."""
    children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    return [root, *(int(child) for child in children)]


def cpu_s(ids: list[int]) -> float:
    """The processor time of processes until now."""
    ticks = 0
    for one in ids:
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(") ")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS


def resident_mb(ids: list[int]) -> float:
    """The memory of processes."""
    pages = [int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in ids]
    return sum(pages) * _PAGE_BYTES / 1e6


@contextmanager
def service(folder: Path, url: str, workers: int) -> Iterator[tuple[int, list[int]]]:
    """The port and the processes of a service over a store with events."""
    plan = numbers(["amount"], ["4h"], "5m")
    (folder / "plan.json").write_text(plan_text(plan))
    with open_store(url) as store:
        Writer(plan, store).write(events())
    command = [sys.executable, "-m", "tilewright_runtime.cli", "serve", str(folder)]
    options = ["--store", url, "--port", "0", "--workers", str(workers), "--no-access-log"]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            port = int(server.stderr.readline().rpartition(":")[2])
            while True:
                time.sleep(0.5)
                if len(processes(server.pid)) >= workers:
                    break
            yield port, processes(server.pid)
        finally:
            server.terminate()


CASES = (
    ("empty", 1, request("GET", "/ping")),
    ("1 key", 1, asks_for(1)),
    ("20 keys", 20, asks_for(20)),
)


def measure(port: int, ids: list[int], given: argparse.Namespace) -> None:
    """Ask as fast as the connections can, for all cases in turns."""
    times: dict[str, list[float]] = {name: [] for name, _, _ in CASES}
    slices: dict[str, list[tuple[float, float]]] = {name: [] for name, _, _ in CASES}
    errors = dict.fromkeys(times, 0)
    for _ in range(given.rounds):
        for name, _, wanted in CASES:
            before, own = cpu_s(ids), time.process_time()
            answered, failed = uvloop.run(load(port, wanted, given.seconds, given.connections))
            server, client = cpu_s(ids) - before, time.process_time() - own
            times[name] += answered
            errors[name] += failed
            slices[name].append((server / len(answered), client / len(answered)))
    header = "server us  client us  look-ups/s of 2 processors  of the empty"
    print(f"{'':>8} {header}   p50 ms  p99 ms  errors")
    for name, keys, _ in CASES:
        server, client = min(slices[name])
        cut = statistics.quantiles(times[name], n=100)
        rate = 2 * keys / (server + client)
        pairs = zip(slices["empty"], slices[name], strict=True)
        part = statistics.median(empty[0] / own[0] for empty, own in pairs)
        print(
            f"{name:>8} {server * 1e6:9.0f} {client * 1e6:10.0f} {rate:27,.0f} {part:13.0%}"
            f" {cut[49] * 1e3:8.2f} {cut[98] * 1e3:7.2f} {errors[name]:7}"
        )


def soak(port: int, ids: list[int], given: argparse.Namespace) -> None:
    """Ask at a steady rate, and look at the memory in between."""
    parts = 10
    for part in range(parts):
        now = processes(ids[0])
        if now != ids:
            print(f"other processes: {now} instead of {ids}", flush=True)
            ids = now
        times, errors = uvloop.run(
            load(port, asks_for(20), given.soak / parts, given.connections, given.rate)
        )
        p99 = statistics.quantiles(times, n=100)[98] * 1e3
        print(
            f"{(part + 1) * given.soak / parts:6.0f} s: {len(times):7,} requests, "
            f"{errors} errors, p99 {p99:6.2f} ms, {resident_mb(ids):7.1f} MB",
            flush=True,
        )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=1.0, help="of a case in each round")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--store", help="default: an embedded one in a temporary folder")
    parser.add_argument("--soak", type=float, help="seconds")
    parser.add_argument("--rate", type=float, default=750.0, help="requests a second")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = given.store or f"lmdb:{folder / 'store'}"
        with service(folder, url, given.workers) as (port, ids):
            (soak if given.soak else measure)(port, ids, given)


if __name__ == "__main__":
    main()
