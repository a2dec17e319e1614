"""Every example in the documentation runs, and gives what the page says.

What becomes of a block, in the order of the page and in one folder a page:

- `console`: its commands are run, and what they print is compared; `...` stands for anything within
  a line, or for any
  lines where it is a line of its own. Times and rates are not compared. `pytest --snapshot-update`
  renews what differs.
- `pycon`: a session, as in a docstring. `python`: run in the same session.
- Any block whose title names a file: where there is such a file in the repository, the block is an
  excerpt of it (`...`
  stands for what is left out); a `json` or `sql` block is an excerpt of what the commands made;
  else the file is written.
"""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

import tilewright_runtime.stores.backends
from docs.pages import ROOT, Block, blocks, commands, name, pages
from support.pytests import QUICK
from support.service import ServiceProcess, serving

_RUN = ("console", "python", "pycon")
PAGES = [
    page
    for page in pages()[1:]
    if any(block.title or block.language in _RUN for block in blocks(page.read_text()))
]

#: page -> files and folders that a reader is told to copy
GIVEN = {
    "docs/tutorial.md": ["examples/flights/flights.parquet"],
    "docs/how-to/check-an-engine.md": ["tests/conformance/kit"],
    "docs/how-to/serve-over-http.md": ["examples/service/fetch.mjs"],
}
#: What an installed package registers by itself; here it is only on the path.
_PLUGIN = "tilewright_runtime.testing.plugin"
#: Pages whose reader works in a clone, and adds files to the sources in it.
IN_A_CLONE = ("docs/how-to/add-a-target.md", "docs/how-to/add-a-reader.md")
#: Pages whose examples go on where those of the README end.
CONTINUING = (
    "docs/concepts.md",
    "docs/reference/plan.md",
    "docs/how-to/cache.md",
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
    *IN_A_CLONE,
)
#: Pages whose commands take longest; others have each of them too.
SLOW = (
    "docs/concepts.md",
    "docs/how-to/add-a-reader.md",
    "docs/how-to/check-an-engine.md",
    "docs/how-to/late-data.md",
    "docs/how-to/test-a-plan.md",
)
NOTEBOOK = ROOT / "examples/service/features.ipynb"
#: The sources of the three wings.
WINGS = ("dsl", "compiler", "runtime")
#: Pages that need a Redis, whose URL is in the variable that they name.
WITH_REDIS = ("docs/how-to/serve-from-redis.md",)
#: Pages that need a service of the README's plan, whose URL is in the variable that they name.
WITH_SERVICE = ("docs/how-to/serve-over-http.md",)

_VOLATILE = (
    (re.compile(r" +"), " "),
    (re.compile(r"\bin \d+\.\d+ ?s\b( \([\d,]+ rows/s\))?"), "in <time>"),
    (re.compile(r"^(\d (?:range|expand|fetch|boundaries|merge|derive)) [\d,]+ "), r"\1 <µs> "),
    (re.compile(r"^ ?[\d,]+ in all$"), "<µs> in all"),
)
#: What a command says every ten seconds, on a machine that is slow enough.
_PROGRESS = re.compile(r"(\S+: \d+% written, \w+, )?[\d,]+ rows, .* open tiles, [\d,]+ s")


def settled(line: str) -> str:
    """A line without what differs from run to run."""
    line = line.rstrip()
    for pattern, replacement in _VOLATILE:
        line = pattern.sub(replacement, line)
    return line


def agrees(shown: list[str], printed: list[str]) -> bool:
    """Whether what was printed is what the page shows."""
    parts = [
        r"(?:.*\n)*" if line == "..." else re.escape(settled(line)).replace(r"\.\.\.", ".*") + r"\n"
        for line in shown
    ]
    lines = [settled(line) + "\n" for line in printed if not _PROGRESS.fullmatch(line)]
    return re.fullmatch("".join(parts), "".join(lines)) is not None


class Session:
    """A reader who follows one page in an empty folder."""

    def __init__(self, page: Path, folder: Path, update: bool) -> None:
        self.page = page
        self.folder = folder
        self.update = update
        self.renewed: dict[Block, list[str]] = {}
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.status = 0
        self.environment = _environment(folder)

    def follow(self) -> None:
        """Does what each block of the page says."""
        try:
            for block in blocks(self.page.read_text()):
                self.do(block)
        finally:
            self._renew()

    def _renew(self) -> None:
        """Puts what was printed into the page, from its end, so that line numbers stay right."""
        lines = self.page.read_text().splitlines()
        for block, new in reversed(self.renewed.items()):
            lines[block.line - 1 : block.line - 1 + len(block.text.splitlines())] = new
        if self.renewed:
            self.page.write_text("\n".join(lines) + "\n")

    def do(self, block: Block) -> None:
        """Does what one block says."""
        done: Callable[[Block], None] | None = getattr(self, f"_{block.language}", None)
        if block.title is not None:
            self._file(block)
        elif done is not None:
            done(block)

    def fail(self, block: Block, what: str) -> None:
        """Ends the test with the place in the page."""
        pytest.fail(f"{name(self.page)}:{block.line}: {what}", pytrace=False)

    def _file(self, block: Block) -> None:
        assert block.title is not None
        if (ROOT / block.title).exists():
            self._excerpt(block, (ROOT / block.title).read_text())
        elif block.language == "json":
            self._part(block, json.loads((self.folder / block.title).read_text()))
        elif block.language == "sql":
            self._excerpt(block, (self.folder / block.title).read_text())
        else:
            target = self.folder / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text)

    def _excerpt(self, block: Block, whole: str) -> None:
        """Each run of lines between `...` stands in the file, in this order."""
        at = 0
        for run in re.split(r"(?m)^\s*\.\.\.\n", block.text):
            if (found := whole.find(run, at)) < 0:
                self.fail(block, f"{block.title} does not hold these lines:\n{run}")
            at = found + len(run)

    def _part(self, block: Block, document: Any) -> None:
        """The JSON that is shown is a part of the document: some of its keys, and of a list some
        items.
        """
        if (wrong := _missing(json.loads(block.text), document)) is not None:
            self.fail(block, f"{block.title} has something else at {wrong}")

    def _console(self, block: Block) -> None:
        new = block.text.splitlines()
        for command in reversed(
            ran := [(command, self._run(command.text)) for command in commands(block.text)]
        ):
            shown, printed = command[0].output, command[1]
            if not agrees(shown, printed):
                if not self.update:
                    self.fail(
                        block,
                        f"$ {command[0].text}\nprinted:\n"
                        + "\n".join(printed)
                        + "\nthe page says:\n"
                        + "\n".join(shown),
                    )
                new[command[0].place : command[0].place + len(shown)] = [
                    line.rstrip() for line in printed
                ]
        if ran and new != block.text.splitlines():
            self.renewed[block] = new

    def _run(self, command: str) -> list[str]:
        script = f"(exit {self.status}); {command}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        self.status = done.returncode
        lines = done.stdout.decode().splitlines()
        return [line for line in lines if not _PROGRESS.fullmatch(line)]

    def _python(self, block: Block) -> None:
        exec(compile(block.text, f"{name(self.page)}:{block.line}", "exec"), self.names)

    def _pycon(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(
            block.text, self.names, name(self.page), str(self.page), block.line
        )
        report: list[str] = []
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        runner = doctest.DocTestRunner(optionflags=flags)
        if runner.run(test, out=report.append, clear_globs=False).failed:
            self.fail(block, "".join(report))
        self.names.update(test.globs)


def _environment(folder: Path) -> dict[str, str]:
    """The environment of a reader's shell: the commands of a virtual environment, and lines of 110
    characters.
    """
    commands_folder = folder.parent / f"{folder.name}-bin"
    commands_folder.mkdir()
    modules = {
        "tilewright": "-m tilewright_runtime.cli",
        "pytest": f"-m pytest {' '.join(QUICK)} -p {_PLUGIN}",
        "python": "",
        "python3": "",
    }
    for command, arguments in modules.items():
        script = commands_folder / command
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        script.chmod(0o755)
    clone = folder if (folder / WINGS[0]).is_dir() else ROOT
    roots = [str(clone / root) for root in WINGS]
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTEST", "COV", "FORCE_COLOR"))
    }
    return kept | {
        "PATH": f"{commands_folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(roots),
        "COLUMNS": "110",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }


def _missing(part: Any, whole: Any, place: str = "") -> str | None:
    """Where a part is not in the whole; None if it is."""
    if isinstance(part, dict) and isinstance(whole, dict):
        found = (
            _missing(value, whole.get(key), f"{place}.{key}") if key in whole else f"{place}.{key}"
            for key, value in part.items()
        )
        return next(filter(None, found), None)
    if isinstance(part, list) and isinstance(whole, list):
        return next(
            (
                f"{place}[{i}]"
                for i, item in enumerate(part)
                if all(_missing(item, other) is not None for other in whole)
            ),
            None,
        )
    return None if part == whole else place or "the top"


def follow(page: Path, folder: Path, config: pytest.Config) -> None:
    """Does what a page says, in a folder."""
    package = list(tilewright_runtime.stores.backends.__path__)
    with chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        # A store that the page has its reader add to the package.
        patch.setattr(
            tilewright_runtime.stores.backends,
            "__path__",
            [*package, str(folder / "runtime/tilewright_runtime/stores/backends")],
        )
        Session(page, folder, bool(config.getoption("--snapshot-update", default=False))).follow()


@pytest.fixture(scope="session")
def after_readme(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """The folder of a reader who has followed the README."""
    folder = tmp_path_factory.mktemp("readme") / "reader"
    folder.mkdir()
    follow(ROOT / "README.md", folder, pytestconfig)
    return folder


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
    page: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader who does what the page says gets what it shows."""
    if name(page) in WITH_REDIS:
        monkeypatch.setenv("REDIS_URL", request.getfixturevalue("redis_server").url())
    folder = tmp_path / "reader"
    if name(page) in CONTINUING:
        shutil.copytree(request.getfixturevalue("after_readme"), folder)
    else:
        folder.mkdir()
    for given in GIVEN.get(name(page), []):
        copy = shutil.copytree if (ROOT / given).is_dir() else shutil.copy
        copy(ROOT / given, folder / Path(given).name)
    if name(page) in IN_A_CLONE:
        for wing in WINGS:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / wing, folder / wing, ignore=ignored)
    if name(page) not in WITH_SERVICE:
        follow(page, folder, request.config)
        return
    service = ServiceProcess(
        folder / "compiled/clicks.by_user", "--store", f"lmdb:{folder}/tiles", "--no-access-log"
    )
    monkeypatch.setenv("SERVICE_URL", service.url)
    try:
        follow(page, folder, request.config)
    finally:
        service.stop()


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


def test_differences_are_seen() -> None:
    """The comparison takes times for equal, dots for anything, and nothing else."""
    assert agrees(["a: 6 new rows in 0.4 s (15 rows/s)"], ["a: 6 new rows in 1.2 s (5 rows/s)  "])
    assert agrees(["3 fetch     169  9 tiles"], ["3 fetch   1,069  9 tiles"])
    assert agrees(["first", "...", "last ... one"], ["first", "x", "y", "last and only one"])
    assert not agrees(["a: 6 new rows"], ["a: 7 new rows"])
    assert not agrees(["first", "last"], ["first", "x", "last"])
    assert not agrees(["first"], ["first", "second"])


@pytest.mark.nightly
def test_the_store_of_the_how_to_keeps_every_promise(tmp_path: Path) -> None:
    """The conformance tests, run with the store that the page makes."""
    page = ROOT / "docs/how-to/add-a-store.md"
    (store,) = (
        block
        for block in blocks(page.read_text())
        if block.title is not None and block.title.endswith("/sqlite.py")
    )
    (tmp_path / "sqlite.py").write_text(store.text)
    arguments = [
        "-q",
        *QUICK,
        "-k",
        "sqlite",
        "--rootdir",
        str(ROOT),
        str(ROOT / "tests/conformance/test_stores.py"),
    ]
    script = (
        "import sys, pytest, tilewright_runtime.stores.backends as s; "
        f"s.__path__.append({str(tmp_path)!r}); sys.exit(pytest.main({arguments!r}))"
    )
    roots = os.pathsep.join(str(ROOT / root) for root in WINGS)
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": roots},
    )
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) > 10
