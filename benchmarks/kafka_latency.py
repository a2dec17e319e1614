"""How long after its arrival in Kafka an event is in the features, while `write --follow` runs.

    python benchmarks/kafka_latency.py [--rate EVENTS_PER_S] [--seconds S]

Everything runs on this machine: one broker with a topic of two partitions, the embedded writer in a
process of its own (500 keys; count, sum, average, min and max over 1h, 12h and 7d, into LMDB), the
producer, and the one who asks. Four events a second are of a key of their own. The time of such a
probe runs from the broker's acknowledgement until a fetch finds it; those that are waited for are
asked for every 20 ms.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local_kafka import local_kafka, new_topic
from probes import Stream, measure
from tilewright_compiler.output import load_targets, render
from tilewright_compiler.output import write as write_files
from tilewright_runtime import Fetcher, open_store
from tilewright_runtime.stores.ownership import register_plan
from write import plan

TOPIC = "clicks"


@contextmanager
def following(arguments: Sequence[str], log: Path) -> Iterator[None]:
    """Run `tilewright write --follow` until the block ends."""
    command = [str(Path(sys.executable).with_name("tilewright")), "write", *arguments, "--follow"]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as writer:
        try:
            yield
        finally:
            writer.send_signal(signal.SIGTERM)
            if writer.wait() != 0:
                print(log.read_text())


def main() -> None:
    """Start everything, measure, and end it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=30)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, local_kafka(Path(name)) as servers:
        folder = Path(name)
        new_topic(servers, TOPIC, 2)
        topic, url = f"kafka://{servers}/{TOPIC}", f"lmdb:{folder}/tiles"
        read = plan(topic)
        write_files(name, render([read], load_targets(["duckdb"]).values()))
        with open_store(url) as store:
            register_plan(read, store)  # else a fetch before the first tile is an error
        arguments = [str(folder / read.name), "--events", topic, "--store", url]
        with following(arguments, folder / "writer.log"):
            fetcher = Fetcher(read, open_store(url))
            measure(Stream(servers, TOPIC), fetcher, chosen.rate, chosen.seconds)


if __name__ == "__main__":
    main()
