"""The files around the code agree with each other."""

from __future__ import annotations

import re
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LARGEST_BYTES = 5_000_000


def kept_files() -> list[Path]:
    """What git keeps or would keep; without git, what lies in the folders of the project."""
    listing = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        return [
            path
            for name in listing.stdout.decode().split("\0")
            if name and (path := ROOT / name).is_file()
        ]
    folders = ("dsl", "compiler", "runtime", "examples", "tests", "docs", "benchmarks", "scripts")
    return [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]


def test_the_licence_is_the_one_that_is_declared() -> None:
    """The full text of Apache 2.0 stands where pyproject.toml says."""
    assert PROJECT["license"] == "Apache-2.0"
    (name,) = PROJECT["license-files"]
    text = (ROOT / name).read_text()
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_changelog_knows_the_version() -> None:
    """A released version has its section; one in development has `Unreleased`."""
    headings = re.findall(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    version = PROJECT["version"]
    assert headings[0] == "Unreleased"
    assert ".dev" in version or version in headings


def test_lowest_versions_are_the_bounds_that_are_declared() -> None:
    """constraints/lowest.txt pins each dependency to its lower bound, so that `make test-lowest`
    tests what we promise.
    """
    extras = [
        bound
        for name, bounds in PROJECT["optional-dependencies"].items()
        if name not in ("dev", "testing", "fast")  # the kernel is built from here, not looked up
        for bound in bounds
    ]
    bounds = dict(
        dependency.partition(",")[0].split(">=")
        for dependency in [*PROJECT["dependencies"], *extras]
    )
    lines = (ROOT / "constraints/lowest.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))

    def short(version: str) -> str:
        return re.sub(r"(\.0)+$", "", version)

    assert {name: short(version) for name, version in pins.items()} == {
        name: short(version) for name, version in bounds.items()
    }


def test_no_file_is_large() -> None:
    """A clone stays small: nothing over 5 MB."""
    assert [path.name for path in kept_files() if path.stat().st_size > LARGEST_BYTES] == []


@pytest.mark.parametrize("name", ["scripts/bootstrap", "scripts/test", "scripts/bench", ".ci/run"])
def test_scripts_can_be_run(name: str) -> None:
    """Scripts are executable and stop at the first error."""
    script = ROOT / name
    assert script.stat().st_mode & stat.S_IXUSR
    assert "\nset -euo pipefail\n" in script.read_text()


@pytest.mark.parametrize("root", ["dsl", "compiler", "runtime"])
def test_every_module_says_what_it_is(root: str) -> None:
    """Each source file opens with a docstring."""
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / root).rglob("*.py")
        if not path.read_text().startswith('"""')
    ]
    assert silent == []
