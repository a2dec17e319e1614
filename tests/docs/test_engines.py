"""The page on Flink: its first job, in the process with Flink that tests share."""

from __future__ import annotations

import json
import sys
from multiprocessing.connection import Listener
from pathlib import Path
from threading import Thread

import duckdb
import pytest

from docs.pages import ROOT
from docs.places import events_of
from docs.session import follow
from support.flink import Host
from support.flink import python as flink_python
from support.kafka import Kafka, jars
from support.redis_server import RedisServer
from tilewright_runtime import Fetcher, load_plan, open_store

PAGE = ROOT / "docs/how-to/run-on-flink.md"
_ENVIRONMENT = r"python3\.12 -m venv.*"
EVENTS = ROOT / "runtime/tilewright_runtime/commands/scaffold/data/clicks.csv"
#: The commands of the second half of the page, which read a topic without an end.
_AFTER_HISTORY = r"--until|--store redis://\S+$"
#: What a job in Flink's environment would be started by: it hands the job to the process.
_PYTHON = """#!{python}
import os, sys
from multiprocessing.connection import Client
with Client({address!r}) as process:
    process.send((os.getcwd(), sys.argv[1:]))
    status, output = process.recv()
print(output)
sys.exit(status)
"""


def answer(listener: Listener, flink: Host) -> None:
    """Run the job that a command starts, and tell the command how it ended."""
    with listener.accept() as command:
        folder, (script, *arguments) = command.recv()
        ended = flink.run_script(Path(folder), script, arguments)
        command.send((ended.status, ended.output))


@pytest.mark.nightly
def test_the_first_job_of_the_page_makes_tiles(
    tmp_path: Path, flink: Host, own_server: RedisServer, request: pytest.FixtureRequest
) -> None:
    """Of a new repository, and of events in a file of JSON; Flink's environment is the tests'."""
    folder, python, events = tmp_path / "reader", tmp_path / "python", tmp_path / "clicks.jsonl"
    folder.mkdir()
    events.write_text("".join(f"{json.dumps(event)}\n" for event in events_of(EVENTS)))
    address = str(tmp_path / "job")
    python.write_text(_PYTHON.format(python=sys.executable, address=address))
    python.chmod(0o755)
    made = f"mkdir -p flink-env/bin && cp {python} flink-env/bin/ && cp {events} ."
    with Listener(address) as listener:
        thread = Thread(target=answer, args=(listener, flink), daemon=True)
        thread.start()
        follow(PAGE, folder, request, _AFTER_HISTORY, [(_ENVIRONMENT, made)])
        thread.join()
    store = open_store(own_server.url(0), create=False)
    plan = load_plan(folder / "shop/compiled/clicks.user_clicks")
    found = Fetcher(plan, store).fetch({"user_id": "ann"}, at="2024-01-04T12:00:00Z").features
    store.close()
    assert (found["amount_sum_1h"], found["amount_max_1d"]) == (6.0, 5.0)


@pytest.mark.nightly
def test_the_job_of_the_page_goes_on_after_a_history(
    tmp_path: Path, kafka: Kafka, own_server: RedisServer, request: pytest.FixtureRequest
) -> None:
    """On the topic of the source, by Flink's own Python; its tiles have what history had."""
    folder, python, topic = tmp_path / "reader", tmp_path / "python", kafka.topic()
    folder.mkdir()
    kafka.produce(topic, map(json.dumps, events_of(EVENTS)), partition=0)
    python.write_text(f'#!/bin/sh\nexec "{flink_python()}" "$@"\n')
    python.chmod(0o755)
    table = f"SELECT * FROM '{EVENTS}' WHERE ts < '2024-01-04'"
    duckdb.sql(f"COPY ({table}) TO '{tmp_path}/clicks.parquet'")
    (connector,) = jars("flink").glob("*.jar")
    own = [
        (_ENVIRONMENT, f"mkdir -p flink-env/bin && cp {python} flink-env/bin/"),
        (
            "^tilewright compile features.*",
            f"sed -i 's|schema=|topic=\"{topic}\", &|' features/clicks.py && \\g<0> && "
            f"cp {connector} compiled/clicks.user_clicks/flink/ && "
            f"mkdir history && cp {tmp_path}/clicks.parquet history/",
        ),
    ]
    follow(PAGE, folder, request, "clicks.jsonl", own)
