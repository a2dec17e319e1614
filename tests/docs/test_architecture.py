"""The page of the architecture names modules that exist, and all rooms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROOTS = {
    "tilewright": ROOT / "dsl",
    "tilewright_compiler": ROOT / "compiler",
    "tilewright_runtime": ROOT / "runtime",
}
NAMED = sorted(
    set(re.findall(r"`(tilewright(?:_compiler|_runtime)?(?:\.\w+)+)`", PAGE)) - {"tilewright.yaml"}
)


@pytest.mark.parametrize("module", NAMED)
def test_every_module_that_is_named_exists(module: str) -> None:
    """As a file or as a package."""
    package, *parts = module.split(".")
    path = ROOTS[package].joinpath(package, *parts)
    assert path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@pytest.mark.parametrize("package", ["tilewright_compiler", "tilewright_runtime"])
def test_every_room_is_drawn(package: str) -> None:
    """A folder of a wing stands in the pictures or the text."""
    rooms = {path.parent.name for path in (ROOTS[package] / package).glob("*/__init__.py")}
    drawn = set(re.findall(r"\w+", PAGE))
    assert rooms <= drawn | {"testing"}


def test_generated_jobs_name_the_engines_only() -> None:
    """A move within the runtime never touches a job that is deployed."""
    folder = ROOTS["tilewright_compiler"] / "tilewright_compiler" / "targets" / "templates"
    named = set()
    for template in folder.rglob("*.j2"):
        text = template.read_text(encoding="utf-8")
        named |= set(re.findall(r"\btilewright_(?:runtime|compiler)(?:\.\w+)+", text))
    assert named == {
        "tilewright_runtime.engines.flink",
        "tilewright_runtime.engines.flink.count_late",
        "tilewright_runtime.engines.flink.put_tiles",
        "tilewright_runtime.engines.spark",
    }
