"""Events of their own key among a steady stream in Kafka: how long until a fetch finds them."""

from __future__ import annotations

import math
import random
import threading
import time
from typing import Any

from tilewright_runtime import Fetcher
from write import KEYS

TICK_S = 0.01
PROBES_PER_S = 4
ASKED_EVERY_S = 0.02
START_S = 120
WARM_UP_S = 20
PATIENCE_S = 30


class Stream:
    """Appends events at a steady rate, probes among them, and notes when the broker had each
    probe.
    """

    def __init__(self, servers: str, topic: str) -> None:
        from confluent_kafka import Producer

        self._producer = Producer({"bootstrap.servers": servers, "linger.ms": 5, "log_level": 0})
        self._topic = topic
        self.acknowledged: dict[str, float] = {}
        self.produced = 0

    def run(self, rate: int, seconds: float, name: str) -> float:
        """Produces for so long, and returns the seconds that it took in truth."""
        begun = time.perf_counter()
        ticks, amounts = (
            round(seconds / TICK_S),
            [f"{random.gammavariate(2.0, 20.0):.6f}" for _ in range(1000)],
        )
        for tick in range(ticks):
            for i in range(
                rate * tick // round(1 / TICK_S), rate * (tick + 1) // round(1 / TICK_S)
            ):
                self._produce(f"user{random.randrange(KEYS):04d}", amounts[i % 1000])
            if tick % round(1 / TICK_S / PROBES_PER_S) == 0:
                self._probe(f"{name} {tick}")
            self._producer.poll(0)
            time.sleep(max(0.0, begun + (tick + 1) * TICK_S - time.perf_counter()))
        self._producer.flush()
        return time.perf_counter() - begun

    def _probe(self, name: str) -> None:
        def note(error: Any, message: Any) -> None:
            if error is None:
                self.acknowledged[name] = time.perf_counter()

        self._produce(name, "1.0", on_delivery=note)

    def _produce(self, user: str, amount: str, **options: Any) -> None:
        ms = time.time_ns() // 1_000_000
        event = f'{{"user_id":"{user}","amount":{amount},"quantity":1,"country":"DE","ts":{ms}}}'
        self._producer.produce(self._topic, event.encode(), **options)
        self.produced += 1


class Watch(threading.Thread):
    """Asks for every probe until its event is there."""

    def __init__(self, fetcher: Fetcher, stream: Stream) -> None:
        super().__init__(daemon=True)
        self._fetcher = fetcher
        self._stream = stream
        self.seen: dict[str, float] = {}

    def run(self) -> None:
        while True:
            waiting = [name for name in list(self._stream.acknowledged) if name not in self.seen]
            answers = self._fetcher.fetch_many([{"user_id": name} for name in waiting])
            now = time.perf_counter()
            self.seen |= {
                name: now
                for name, answer in zip(waiting, answers, strict=True)
                if answer.features["amount_count_7d"]
            }
            time.sleep(ASKED_EVERY_S)

    def wait(self, patience_s: float) -> None:
        """Waits until all probes were seen, or for so long."""
        end = time.perf_counter() + patience_s
        while len(self.seen) < len(self._stream.acknowledged) and time.perf_counter() < end:
            time.sleep(ASKED_EVERY_S)


def events_in(fetcher: Fetcher) -> int:
    """How many events of the stream the store holds, less the probes."""
    answers = fetcher.fetch_many([{"user_id": f"user{i:04d}"} for i in range(KEYS)])
    return sum(answer.features["amount_count_7d"] for answer in answers)


def measure(stream: Stream, fetcher: Fetcher, rate: int, seconds: float) -> None:
    """Warms up, measures, and prints."""
    watch = Watch(fetcher, stream)
    watch.start()
    stream.run(rate, TICK_S, "first")
    watch.wait(START_S)
    if not watch.seen:
        raise TimeoutError
    stream.run(rate, WARM_UP_S, "warm-up")
    warm = len(stream.acknowledged)
    before, stored_before = stream.produced - warm, events_in(fetcher)
    took = stream.run(rate, seconds, "probe")
    stored, stopped = events_in(fetcher), time.perf_counter()
    wanted = stream.produced - len(stream.acknowledged)
    watch.wait(PATIENCE_S)
    while (left := wanted - events_in(fetcher)) and time.perf_counter() < stopped + PATIENCE_S:
        time.sleep(0.1)
    probes = [name for name in stream.acknowledged if name.startswith("probe")]
    times = sorted(
        watch.seen[name] - stream.acknowledged[name] for name in probes if name in watch.seen
    )
    print(
        f"{(wanted - before) / took:,.0f} events/s produced for {took:.0f} s; "
        f"{(stored - stored_before) / took:,.0f} events/s "
        f"in the store meanwhile; {before - stored_before:,} events behind when it began, "
        f"{wanted - stored:,} at the end, "
        + (
            f"{left:,} still missing {PATIENCE_S} s later"
            if left
            else f"all there {time.perf_counter() - stopped:.1f} s later"
        )
    )
    if times:
        p50, p99 = (times[math.ceil(share * len(times)) - 1] for share in (0.5, 0.99))
        print(
            f"acknowledged until fetched, {len(times)} of {len(probes)} probes: p50 {p50:.2f} s, "
            f"p99 {p99:.2f} s, max {times[-1]:.2f} s"
        )
    print(f"not seen within {PATIENCE_S} s after the end: {len(probes) - len(times)} probes")
