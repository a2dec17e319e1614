"""A reader who does what the blocks of a page say, in their order and in one folder.

- `console`: its commands are run, and what they print is compared; `...` stands for anything within
  a line, or for any lines where it is a line of its own. Times and rates are not compared.
  `pytest --snapshot-update` renews what differs.
- `sh`: its commands are run, and have to succeed. Those that serve or follow are started together,
  seen at work, and ended when the next ones start or the page ends. What hosts and ports of the
  page are here is in places.py.
- `pycon`: a session, as in a docstring. `python`: run in the same session.
- `ini`: the variables of deploy/tilewright-serve.service, which is started with them.
- Any block whose title names a file: where there is such a file in the repository, the block is an
  excerpt of it (`...` stands for what is left out); a `json` or `sql` block is an excerpt of what
  the commands made; else the file is written.
"""

from __future__ import annotations

import configparser
import doctest
import json
import os
import re
from collections.abc import Callable, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from docs.comparing import PROGRESS, agrees, missing
from docs.pages import ROOT, Block, blocks, commands, lines_of, name
from docs.places import Places, without_docker
from docs.shell import Shell
from docs.staying import Staying, stays
from tilewright_runtime.stores import backends

#: Languages of blocks that are run.
LANGUAGES = ("console", "ini", "pycon", "python", "sh")
#: What other tests run: installations (test_install.py), and `make`, whose verbs are checked.
_ELSEWHERE = re.compile(r"pip install|python3 -m venv|make\b")


class Session:
    """A reader who follows one page in an empty folder."""

    def __init__(
        self,
        page: Path,
        shell: Shell,
        places: Places,
        patch: pytest.MonkeyPatch,
        left_out: str | None = None,
        update: bool = False,
    ) -> None:
        self.page = page
        self.shell = shell
        self.places = places
        self.patch = patch
        self.left_out = left_out
        self.update = update
        self.renewed: dict[Block, list[str]] = {}
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.staying: list[Staying] = []

    def follow(self) -> None:
        """Does what each block of the page says."""
        try:
            for block in blocks(self.page.read_text()):
                self.do(block)
            self._end()
        finally:
            for one in self.staying:
                one.kill()
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
        if block.title is not None:
            self._file(block)
        elif block.language in LANGUAGES:
            done: Callable[[Block], None] = getattr(self, f"_{block.language}")
            done(block)

    def fail(self, block: Block, what: str) -> None:
        """Ends the test with the place in the page."""
        pytest.fail(f"{name(self.page)}:{block.line}: {what}", pytrace=False)

    def _file(self, block: Block) -> None:
        assert block.title is not None
        if (ROOT / block.title).exists():
            self._excerpt(block, (ROOT / block.title).read_text())
        elif block.language == "json":
            self._part(block, json.loads((self.shell.folder / block.title).read_text()))
        elif block.language == "sql":
            self._excerpt(block, (self.shell.folder / block.title).read_text())
        else:
            target = self.shell.folder / block.title
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
        if (wrong := missing(json.loads(block.text), document)) is not None:
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
        before = self.shell.environment
        printed = self.shell.run(command)
        for variable, value in self.shell.environment.items() - before.items():
            self.patch.setenv(variable, value)  # for the page's Python
        os.chdir(self.shell.folder)
        return [line for line in printed if not PROGRESS.fullmatch(line)]

    def _sh(self, block: Block) -> None:
        lines = lines_of(block.text)
        if any(stays(line) for line in lines):
            self._end()
        staying = []
        for command in (command for line in lines for command in self._here(line)):
            if stays(command):
                staying.append(command)
                continue
            printed = self._run(command)
            if self.shell.status != 0:
                self.fail(block, "\n".join([f"$ {command}", "printed:", *printed]))
        self._stay(staying)

    def _here(self, command: str) -> list[str]:
        """Give what a command of the page is on this machine."""
        left_out = self.left_out is not None and re.search(self.left_out, command)
        if left_out or _ELSEWHERE.match(command):
            return []
        found = [command]
        if command.startswith("docker "):
            found = without_docker(command, self.shell.environment)
        return [self.places.here(one) for one in found]

    def _stay(self, commands: Sequence[str]) -> None:
        """Start commands that stay, and see them at work."""
        for command in commands:
            log = self.shell.folder.parent / f"said-{len(self.staying)}"
            self.staying.append(Staying(command, self.shell, log))
        for one in self.staying:
            one.see()

    def _end(self) -> None:
        while self.staying:
            self.staying[-1].end()
            self.staying.pop()

    def _ini(self, block: Block) -> None:
        """Start the unit with its variables; the store asks for the password from now on."""
        lines = self.places.here(block.text).splitlines()
        self.shell.environment |= dict(line.split("=", 1) for line in lines)
        password = self.shell.environment["TILEWRIGHT_STORE_PASSWORD"]
        self._end()
        self.places.redis.client().config_set("requirepass", password)
        unit = configparser.ConfigParser(interpolation=None, strict=False)
        unit.read(ROOT / "deploy/tilewright-serve.service")
        command = unit["Service"]["ExecStart"].removeprefix("/opt/tilewright/bin/")
        self._stay([self.places.here(command)])

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


def follow(
    page: Path,
    folder: Path,
    request: pytest.FixtureRequest,
    left_out: str | None = None,
    own: Sequence[tuple[str, str]] = (),
) -> None:
    """Do what a page says, in a folder, but for the commands that a pattern leaves out.

    `own` has patterns of its commands with what stands for them.
    """
    places = Places(folder, request.getfixturevalue, own)
    update = bool(request.config.getoption("--snapshot-update", default=False))
    package = list(backends.__path__)
    with chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        # A store that the page has its reader add to the package.
        added = folder / "runtime/tilewright_runtime/stores/backends"
        patch.setattr(backends, "__path__", [*package, str(added)])
        Session(page, Shell(folder), places, patch, left_out, update).follow()
