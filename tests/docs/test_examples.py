"""Every example in the documentation runs, and gives what the page says.

What becomes of a block is in session.py. Installations are in test_install.py, and the page whose
commands need Flink in test_engines.py.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from docs.pages import ROOT, blocks, name, pages
from docs.session import LANGUAGES, follow
from docs.shell import WINGS
from support.service import serving
from tilewright_runtime import Writer, load_plan, open_store

#: Followed in test_engines.py.
_WITH_FLINK = "docs/how-to/run-on-flink.md"
PAGES = [
    page
    for page in pages()[1:]
    if name(page) != _WITH_FLINK
    and any(block.title or block.language in LANGUAGES for block in blocks(page.read_text()))
]

#: page -> files and folders of the clone that its commands name
GIVEN: dict[str, list[str]] = {
    "docs/tutorial.md": ["examples"],
    "docs/how-to/check-an-engine.md": ["tests/conformance/kit"],
    "docs/how-to/deploy.md": ["deploy"],
    "docs/how-to/serve-over-http.md": ["examples/service/fetch.mjs"],
}
#: Pages whose reader works in a clone, and adds files to the sources in it.
IN_A_CLONE = (
    "docs/how-to/add-a-reader.md",
    "docs/how-to/add-a-store.md",
    "docs/how-to/add-a-target.md",
)
#: Pages whose examples go on where those of the README end.
CONTINUING = (
    "docs/concepts.md",
    "docs/reference/plan.md",
    "docs/how-to/cache.md",
    "docs/how-to/deploy.md",
    "docs/how-to/follow-events.md",
    "docs/how-to/monitor.md",
    "docs/how-to/operate.md",
    "docs/how-to/plan-capacity.md",
    "docs/how-to/secure.md",
    "docs/how-to/test-a-plan.md",
    "docs/how-to/run-on-spark.md",
    "docs/how-to/serve-from-redis.md",
    "docs/how-to/serve-over-http.md",
    "docs/how-to/tiles-in-a-warehouse.md",
    "docs/how-to/add-a-reader.md",
    "docs/how-to/add-a-target.md",
)
#: Pages whose commands take longest; others have each of them too.
SLOW = (
    "docs/concepts.md",
    "docs/how-to/add-a-reader.md",
    "docs/how-to/check-an-engine.md",
    "docs/how-to/late-data.md",
    "docs/how-to/test-a-plan.md",
)
#: page -> commands that a slower test runs
LEFT_OUT = {
    "docs/how-to/add-a-store.md": "pytest tests/conformance",
    "docs/how-to/run-on-spark.md": "spark-job",
    "examples/flights/README.md": "make_data.py",
}
NOTEBOOK = ROOT / "examples/service/features.ipynb"


def history(folder: Path, _: pytest.FixtureRequest) -> None:
    """Make a Parquet file of the clicks before the page's cut-over, and of later ones."""
    rows = [("ana", 5.0, 1, "2024-01-03T12:00:00Z"), ("ana", 100.0, 1, "2024-01-04T12:00:00Z")]
    (folder / "history").mkdir()
    columns = "user_id, price, quantity, CAST(ts AS TIMESTAMPTZ) AS ts"
    values = ", ".join(map(str, rows))
    table = f"SELECT {columns} FROM (VALUES {values}) AS t(user_id, price, quantity, ts)"
    duckdb.sql(f"COPY ({table}) TO '{folder}/history/clicks.parquet'")


def filled(folder: Path, request: pytest.FixtureRequest) -> None:
    """Put the tiles of the README into the Redis of the page."""
    state, store = (
        open_store(f"lmdb:{folder}/state"),
        open_store(request.getfixturevalue("own_server").url(0)),
    )
    for path in sorted((folder / "compiled").iterdir()):
        with Writer(load_plan(path), store, state=state) as writer:
            writer.write(f"{folder}/clicks.csv")
    state.close()
    store.close()


def tokens(folder: Path, _: pytest.FixtureRequest) -> None:
    """Make the file of tokens that another page describes."""
    (folder / "tokens").write_text("of-the-model\n")


def examples(folder: Path, _: pytest.FixtureRequest) -> None:
    """Copy the examples, whose data are made again."""
    shutil.copytree(ROOT / "examples", folder / "examples")


#: page -> what its reader has already
PREPARED: dict[str, Callable[[Path, pytest.FixtureRequest], None]] = {
    "docs/how-to/cache.md": filled,
    "docs/how-to/follow-events.md": history,
    "docs/how-to/fraud-features.md": tokens,
    "examples/flights/README.md": examples,
}


def test_the_examples_of_the_readme_work(after_readme: Path) -> None:
    """A reader who does what the README says gets what it shows."""
    assert (after_readme / "compiled").is_dir()


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.nightly) if name(page) in SLOW else page
        for page in PAGES
    ],
    ids=name,
)
def test_the_examples_of_a_page_work(
    page: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A reader who does what the page says gets what it shows."""
    follow(page, reader(page, tmp_path, request), request, LEFT_OUT.get(name(page)))


@pytest.mark.nightly
@pytest.mark.parametrize("page", LEFT_OUT)
def test_the_slow_commands_of_a_page_work(
    page: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """All promises of a store that a page makes, jobs on Spark, a file of data made again."""
    follow(ROOT / page, reader(ROOT / page, tmp_path, request), request)


def reader(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Make the folder of a reader who begins with a page."""
    folder = tmp_path / "reader"
    if name(page) in CONTINUING:
        shutil.copytree(request.getfixturevalue("after_readme"), folder)
    else:
        folder.mkdir()
    for given in GIVEN.get(name(page), []):
        (folder / Path(given).name).symlink_to(ROOT / given)
    if name(page) in IN_A_CLONE:
        clone(folder)
    if prepare := PREPARED.get(name(page)):
        prepare(folder, request)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def clone(folder: Path) -> None:
    """Copy what a reader changes, and the tests."""
    ignored = shutil.ignore_patterns("__pycache__")
    for part in (*WINGS, "tests"):
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)


async def run_cells(cells: list[str]) -> dict[str, Any]:
    """The names after the cells of a notebook, which may await."""
    names: dict[str, Any] = {}
    for cell in cells:
        code = compile(cell, str(NOTEBOOK), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        done = eval(code, names)
        if inspect.isawaitable(done):
            await done
    return names


def test_the_notebook_runs(after_readme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It makes a table of the features of two users."""
    document = json.loads(NOTEBOOK.read_text())
    cells = ["".join(c["source"]) for c in document["cells"] if c["cell_type"] == "code"]
    plan, store = after_readme / "compiled/clicks.by_user", f"lmdb:{after_readme}/tiles"
    with serving([plan], store) as service:
        monkeypatch.setenv("SERVICE_URL", str(service.base_url))
        table = asyncio.run(run_cells(cells))["table"]
    assert table.column("user_id").to_pylist() == ["ana", "ben"]
    assert table.column("amount_sum_1h").to_pylist() == [20.0, 9.99]
