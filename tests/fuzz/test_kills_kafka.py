"""Followers of a topic that are killed at any moment give the answers of an undisturbed one.

`TILEWRIGHT_KILLS` says how often; `make kills` does it 500 times.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from pathlib import Path

from support.cli import Desk
from support.following import following
from support.kafka import Kafka
from support.plans import AT, MINUTE
from support.session import row, simple_plan
from support.waiting import wait_until
from tilewright_runtime import Fetcher, open_store

KILLS = int(os.environ.get("TILEWRIGHT_KILLS", "3"))
KEYS = [f"k{number}" for number in range(40)]
PARTITIONS = 2
LONGEST_S = 0.5


def test_killed_followers_of_a_topic_lose_and_double_nothing(tmp_path: Path, kafka: Kafka) -> None:
    """Positions are committed with the tiles, so each message counts once after any restart."""
    desk, topic = Desk(tmp_path), kafka.topic(PARTITIONS)
    chance = random.Random(11)
    counts: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    committed = tmp_path / "store" / "data.mdb"

    def produce() -> None:
        lines = []
        for _ in range(chance.randrange(1, 200)):
            key, n = chance.choice(KEYS), chance.randrange(1000)
            counts[key] += 1
            sums[key] += n
            lines.append(json.dumps(row(key, n, ts=AT - 1 - chance.randrange(50 * MINUTE))))
        kafka.produce(topic, lines, chance.randrange(PARTITIONS))

    for _ in range(KILLS):
        before_ns = committed.stat().st_mtime_ns if committed.exists() else 0
        with following(desk, "--events", topic, "--replay"):
            produce()
            wait_until(
                lambda: committed.exists() and committed.stat().st_mtime_ns > before_ns,  # noqa: B023
                "the follower writes",
            )
            killed_s = time.monotonic() + chance.random() * LONGEST_S
            while time.monotonic() < killed_s:
                produce()
    produce()
    ran = desk.run("write", desk.plan, "--store", desk.store, "--events", topic, "--replay")
    assert ran.status == 0, ran.err
    with open_store(desk.store, create=False) as store:
        fetcher = Fetcher(simple_plan(), store)
        for key in counts:
            features = fetcher.fetch({"k": key}, at=AT).features
            assert (features["n_count_1h"], features["n_sum_1h"]) == (counts[key], sums[key])
    print(f"{KILLS} kills, {counts.total():,} events, all counted once")
