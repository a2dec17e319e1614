"""How long after its arrival in Kafka an event is in the features that Redis serves, while a Flink
job takes a steady stream.

    python benchmarks/flink_latency.py [--rate EVENTS_PER_S] [--seconds S]

Everything runs on this machine: one broker with a topic of two partitions, the generated job with
parallelism 1 (500 keys; count, sum, average, min and max over 1h, 12h and 7d), a Redis, the
producer, and the one who asks. Four events a second are of a key of their own. The time of such a
probe runs from the broker's acknowledgement until a fetch finds it; those that are waited for are
asked for every 20 ms. What the job is behind is counted when the producer stops, and so is the time
that it takes to catch up.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from environments import printed_by
from local_flink import running_job
from local_kafka import local_kafka, new_topic
from local_redis import local_redis
from probes import Stream, measure
from tilewright_runtime import Fetcher, open_store
from tilewright_runtime.stores.ownership import register_plan
from write import plan


def main() -> None:
    """Starts everything, measures, and ends it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60)
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        local_redis(Path(name)) as port,
        local_kafka(Path(name)) as servers,
    ):
        new_topic(servers, "clicks", 2)
        reading, url = plan(f"kafka://{servers}/clicks"), f"redis://127.0.0.1:{port}/0"
        store = open_store(url)
        register_plan(reading, store)  # else a fetch before the first tile is an error
        (connector,) = Path(printed_by("kafka-env"), "flink").glob("*.jar")
        arguments = [
            "--store",
            url,
            "--parallelism",
            "1",
            "--jar",
            str(connector),
            "--checkpoints",
            f"{name}/checkpoints",
        ]
        with running_job(Path(name), reading, arguments):
            measure(Stream(servers, "clicks"), Fetcher(reading, store), chosen.rate, chosen.seconds)


if __name__ == "__main__":
    main()
