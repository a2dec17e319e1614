"""Every installation in the documentation: into an environment that the README's lines make."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest

from docs.pages import ROOT, blocks, lines_of, name, pages, prose
from docs.shell import Shell

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
#: uv, which scripts/bootstrap keeps, does in a second what takes pip half a minute.
_QUICKLY = f"""
python3() {{ command python3 "$@" --without-pip; }}
pip() {{
    "{_CACHE}/tilewright/uv/bin/uv" pip install --quiet "${{@:2}}" ||
        {{ python -m ensurepip && python -m pip "$@"; }} >/dev/null
}}
"""
#: Compiles the native kernel, which takes half a minute.
_KERNEL = "runtime/kernel"
_MADE = "python3 -m venv venv"


def installations() -> list[tuple[str, str]]:
    """Give each page with a command that installs something."""
    found = []
    for page in pages():
        lines = (line for block in blocks(page.read_text()) for line in lines_of(block.text))
        found += [(name(page), line) for line in lines if line.startswith("pip install")]
    return found


def in_sentences() -> set[tuple[str, str]]:
    """Give those that stand in a sentence."""
    texts = {name(page): prose(page.read_text()) for page in pages()}
    pattern = r"`(pip install '\./[^`]*)`"
    return {(page, one) for page, text in texts.items() for one in re.findall(pattern, text)}


def making() -> str:
    """Give the line of the README that makes an environment."""
    lines = (
        line for block in blocks((ROOT / "README.md").read_text()) for line in lines_of(block.text)
    )
    (found,) = (line for line in lines if line.startswith(_MADE))
    return found


def reader(folder: Path) -> Shell:
    """Make the shell of a reader whose folder holds the clone, in a new environment."""
    folder.mkdir()
    (folder / "tilewright").symlink_to(ROOT)
    shell = Shell(folder)
    del shell.environment["PYTHONPATH"]  # what is installed counts, and nothing else
    run(shell, making())
    return shell


def run(shell: Shell, command: str) -> str:
    """Give what a command prints, which has to succeed."""
    printed = "\n".join(shell.run(_QUICKLY + command))
    assert shell.status == 0, printed
    return printed


def _is_slow(page: str, command: str) -> bool:
    return _KERNEL in command or (page, command) in in_sentences()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell in an environment for all installations, which come one after the other."""
    return reader(tmp_path_factory.mktemp("install") / "reader")


@pytest.mark.parametrize(
    ("page", "command"),
    [
        pytest.param(*one, marks=pytest.mark.nightly) if _is_slow(*one) else one
        for one in [*installations(), *sorted(in_sentences())]
        if "--no-deps" not in one[1]
    ],
)
def test_what_is_installed_is_there(page: str, command: str, shell: Shell) -> None:
    """The command line, and the packages of the extras that a page names."""
    run(shell, command)
    extras = [extra for names in re.findall(r"\[([\w,]+)\]", command) for extra in names.split(",")]
    bounds = [bound for extra in extras for bound in PROJECT["optional-dependencies"][extra]]
    packages = [re.split(r"[<>=\[]", bound)[0] for bound in [PROJECT["name"], *bounds]]
    code = f"import importlib.metadata as m; print([m.version(p) for p in {packages}])"
    run(shell, f'python -c "{code}"')


def test_a_small_image_fetches(after_readme: Path, tmp_path: Path) -> None:
    """With the three packages that the page names."""
    ((_, command),) = (one for one in installations() if "--no-deps" in one[1])
    shell = reader(tmp_path / "reader")
    run(shell, command)
    (shell.folder / "fetch.py").write_text(
        "from tilewright_runtime import Fetcher, load_plan, open_store\n"
        f"plan = load_plan('{after_readme}/compiled/clicks.by_user')\n"
        f"fetcher = Fetcher(plan, open_store('lmdb:{after_readme}/tiles'))\n"
        "print(fetcher.fetch({'user_id': 'ana'}, at='2024-01-04T14:37:25Z').features)\n"
    )
    assert "'amount_sum_1h': 20.0" in run(shell, "python fetch.py")
    fetch = "tilewright fetch {0}/compiled/clicks.by_user --store lmdb:{0}/tiles --key user_id=ana"
    run(shell, f"pip install click && {fetch.format(after_readme)}")  # as the page says of commands
