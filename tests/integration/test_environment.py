"""The environment of a process, its time zone, locale and hash seed, changes no answer and no
byte.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support.events import FILES
from support.plans import DAY, MINUTE, aggregations, plan_of
from support.process import start
from tilewright import Operation
from tilewright_compiler.plan.model import Plan

#: Writes events into a new store, then prints answers and a digest of everything that the store
#: holds.
PROGRAM = """
import hashlib, json, sys
import lmdb
from pathlib import Path
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.fetch.documents import answer_document
plan = Plan.model_validate_json(Path(sys.argv[1]).read_text(encoding="utf-8"))
folder, keys, at = sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4])
store = open_store(f"lmdb:{folder}/store")
with Writer(plan, store) as writer:
    for path in sorted(Path(folder).glob("events.*")):
        writer.write(str(path))
fetcher = Fetcher(plan, store)
answers = [answer_document(fetcher.fetch(key, at)) for key in keys]
digest = hashlib.sha256()
store.close()
del fetcher, writer, store
with (
    lmdb.open(f"{folder}/store", max_dbs=2) as environment,
    environment.begin(db=environment.open_db(b"tiles")) as transaction,
):
    for key, record in transaction.cursor():
        digest.update(key + record)
print(json.dumps([answers, digest.hexdigest()]))
"""

SCHEMA = {
    "k": "string",
    "day": "date",
    "n": "bigint",
    "d": "decimal(12,3)",
    "t": "string",
    "when": "timestamp",
}
KEYS = [
    {"k": key, "day": f"2024-03-{day:02}"}
    for key in ("a", "é", "\N{GRINNING FACE}")
    for day in (9, 10, 31)
]
#: Around the hours that New York and Paris left out and repeated in 2024.
CHANGES = [1_710_054_000_000, 1_711_846_800_000, 1_729_987_200_000, 1_730_613_600_000]


@cache
def plan() -> Plan:
    exact = [
        Operation.COUNT,
        Operation.SUM,
        Operation.MIN,
        Operation.MAX,
        Operation.FIRST,
        Operation.LAST,
    ]
    chosen = [Operation.MIN, Operation.MAX, Operation.LAST]
    return plan_of(
        SCHEMA,
        ["k", "day"],
        [
            *aggregations("n", exact, ["1h", "7d"]),
            *aggregations("d", exact, ["12h"]),
            *aggregations("t", chosen, None),
            *aggregations("when", chosen, ["30d"]),
        ],
    )


def rows() -> list[dict[str, Any]]:
    events = []
    for number in range(120):
        ts = CHANGES[number % 4] + (number - 60) * 7 * MINUTE
        stamp = f"2024-03-{number % 28 + 1:02}T0{number % 10}:30:00"
        key = KEYS[number * 7 % 9]
        events.append(
            {
                **key,
                "n": number**3,
                "d": f"{number}.125",
                "t": "zaéZ\N{GRINNING FACE}"[number % 5],
                "when": stamp,
                "ts": ts,
            }
        )
    return events


def run(folder: Path, **variables: str) -> list[Any]:
    """What the program prints in an environment."""
    for number, ending in enumerate((".csv", ".jsonl")):
        FILES[ending](rows()[number::2], SCHEMA, folder / f"events{ending}")
    (folder / "plan.json").write_text(plan().model_dump_json(), encoding="utf-8")
    with start(
        PROGRAM,
        str(folder / "plan.json"),
        str(folder),
        json.dumps(KEYS),
        str(CHANGES[1] + DAY),
        **variables,
    ) as process:
        output, errors = process.communicate()
    assert process.returncode == 0, errors
    found: list[Any] = json.loads(output)
    return found


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The program in UTC."""
    return run(tmp_path_factory.mktemp("usual"), TZ="UTC", PYTHONHASHSEED="0")


@pytest.mark.parametrize(
    "variables",
    [
        {"TZ": "America/New_York", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
        {"TZ": "Europe/Paris", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "random"},
    ],
    ids=["New York, plain C", "Paris, UTF-8"],
)
def test_k2_the_environment_changes_no_answer_and_no_byte(
    tmp_path: Path, usual: list[Any], variables: dict[str, str]
) -> None:
    """In another time zone, locale and hash seed the same events give the same answers and the same
    bytes.
    """
    assert run(tmp_path, **variables) == usual


def test_the_answers_are_not_empty(usual: list[Any]) -> None:
    """The comparison is of something: there are events of every key before the query time."""
    assert all(answer["features"]["n_count_7d"] > 0 for answer in usual[0])
    assert usual[1] != hashlib.sha256().hexdigest()
