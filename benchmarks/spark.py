"""How fast Spark makes tiles of history, beside Spark's bare GROUP BY of the same files in the same
session.

    python benchmarks/spark.py [--events N] [--memory 8g] [--store URL]

50 million events of 5 columns in Parquet, 500 keys over thirty days, count, sum, average, min and
max over 1h, 12h and 7d, through the generated job into LMDB (or another store). The floor is one
GROUP BY of the files into tiles of the finest level, whose result is thrown away. With less memory
than the workers need, Spark writes to disk, and both take longer.

50 million events over 500 keys and thirty days are about 4.3 million tiles of five minutes, 11.6
events each, and 0.9 million coarser ones. All files are below TMPDIR: events, what Spark shuffles
and stages, the store; about 6 GB (estimated from 3 million).
"""

from __future__ import annotations

import argparse
import os
import runpy
import sys
import tempfile
from pathlib import Path

from measure import seconds
from tilewright_compiler.output import load_targets, render
from tilewright_compiler.output import write as write_files
from tilewright_runtime.engines.spark.command import say
from tilewright_runtime.engines.spark.history import build
from tilewright_runtime.engines.spark.session import open_session
from write import make_events, plan

#: Events of one file; more files are read side by side.
FILE_EVENTS = 5_000_000

FLOOR = """
SELECT user_id, ts DIV 300000 AS tile,
    COUNT(amount), SUM(amount), MIN(amount), MAX(amount), MAX(ts), COUNT(*)
FROM parquet.`{folder}` GROUP BY user_id, ts DIV 300000
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument(
        "--memory", default="8g", help="of the one process that Spark runs in on this machine"
    )
    parser.add_argument("--store", help="an empty store; LMDB in a temporary folder if left out")
    given = parser.parse_args()
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--driver-memory {given.memory} pyspark-shell"
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), given.events, given.store or f"lmdb:{folder}/tiles")


def measure(folder: Path, events: int, store: str) -> None:
    """Makes the events, runs the floor and the job, and prints both."""
    (folder / "events").mkdir()
    os.environ["SPARK_LOCAL_DIRS"] = str(folder)
    for number, first in enumerate(range(0, events, FILE_EVENTS)):
        say(f"making events {first:,} to {min(events, first + FILE_EVENTS):,}")
        make_events(
            folder / "events" / f"{number:03d}.parquet",
            min(FILE_EVENTS, events - first),
            30,
            in_order=False,
            seed=number,
        )
    made = plan()
    write_files(str(folder / "compiled"), render([made], load_targets(["spark"]).values()))
    job = runpy.run_path(str(folder / "compiled" / made.name / "spark" / "job.py"))
    spark = open_session("benchmark")
    floor_sql = FLOOR.format(folder=folder / "events")
    spark.sql(floor_sql).limit(
        1
    ).collect()  # the session has read a file and compiled code before either is timed
    say("running the bare GROUP BY")
    floor = seconds(lambda: spark.sql(floor_sql).write.format("noop").mode("overwrite").save())
    files = (f"{folder}/events/*.parquet",)
    parts = (made, job["SOURCES"], job["TILES"], store, files, None, False, None, say)
    taken = seconds(lambda: build(*parts))
    print(
        f"{events:,} events, {len(made.levels)} levels: {taken:.1f} s ({events / taken:,.0f} "
        f"events/s) into {store.partition(':')[0]}"
    )
    print(
        f"bare GROUP BY in the same session: {floor:.1f} s ({events / floor:,.0f} events/s); the "
        f"job takes {taken / floor:.1f} x as long"
    )


if __name__ == "__main__":
    main()
