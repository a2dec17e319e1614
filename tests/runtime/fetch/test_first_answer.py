"""The first answer of a new process: what it needs beside the standard library."""

from __future__ import annotations

import json
from pathlib import Path

import tilewright_runtime
from support.kernels import required_kernel
from support.plans import AT, MINUTE, aggregations, plan_of
from support.process import start
from tilewright import Operation
from tilewright_runtime import Fetcher, Writer, open_store

#: Fetches where nothing may be imported but what a fetch works with.
PROGRAM = """
import json, sys
absent = ["duckdb", "sqlglot", "pydantic", "jinja2", "yaml", "click", "rich"]
for name in [*absent, "dataclasses", "fractions"]:
    sys.modules[name] = None
from tilewright_runtime import Fetcher, load_plan, open_store
plan, store = load_plan(sys.argv[1]), open_store(sys.argv[2], create=False)
print(json.dumps(Fetcher(plan, store).fetch({"user": "a"}, at=int(sys.argv[3])).features))
"""


def test_a_fetch_needs_neither_duckdb_nor_sqlglot(tmp_path: Path) -> None:
    """Nor what declarations and writers need, also with plain derivations and a sketch."""
    plan = plan_of(
        {"user": "string", "n": "bigint"},
        ["user"],
        [
            *aggregations("n", [Operation.SUM, Operation.LAST_K(2)], ["1h"]),
            *aggregations("n", [Operation.APPROX_PERCENTILE([0.5])], ["1h"]),
        ],
        derivations={"half": "n_sum_1h / 2"},
    )
    (tmp_path / "plan.json").write_text(plan.model_dump_json(), encoding="utf-8")
    url = f"lmdb:{tmp_path}/store"
    with open_store(url) as store, Writer(plan, store) as writer:
        writer.write([{"user": "a", "n": n, "ts": AT - n * MINUTE} for n in (1, 2, 4)])
    process = start(PROGRAM, str(tmp_path), url, str(AT))
    answer, errors = process.communicate()
    assert process.returncode == 0, errors
    assert json.loads(answer) == {
        "n_sum_1h": 7,
        "n_last2_1h": [1, 2],
        "n_approx_percentile_1h": [2.0],
        "half": 3.5,
    }


def test_numbers_by_the_kernel_need_no_numpy(tmp_path: Path) -> None:
    """Its import takes half of the time to a first answer."""
    required_kernel()
    operations = [Operation.COUNT, Operation.SUM, Operation.AVERAGE, Operation.MIN, Operation.MAX]
    more = [Operation.FIRST, Operation.LAST, Operation.VARIANCE]
    columns = {"user": "string", "n": "bigint", "x": "double"}
    asked = [*aggregations("n", [*operations, *more]), *aggregations("x", [*operations, *more])]
    plan = plan_of(columns, ["user"], asked)
    (tmp_path / "plan.json").write_text(plan.model_dump_json(), encoding="utf-8")
    url = f"lmdb:{tmp_path}/store"
    with open_store(url) as store, Writer(plan, store) as writer:
        writer.write([{"user": "a", "n": n, "x": n / 2, "ts": AT - n * MINUTE} for n in (1, 3)])
        expected = Fetcher(plan, store).fetch({"user": "a"}, AT).features
    program = PROGRAM.replace('["duckdb"', '["numpy", "duckdb"')
    process = start(program, str(tmp_path), url, str(AT))
    answer, errors = process.communicate()
    assert process.returncode == 0, errors
    assert json.loads(answer) == expected


def test_importing_all_names_needs_no_client() -> None:
    """The clients' library is an extra."""
    assert not {"AsyncClient", "Client"} & set(tilewright_runtime.__all__)
