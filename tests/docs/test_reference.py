"""The reference says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from docs.pages import ROOT, blocks
from tilewright import Operation
from tilewright.operations.spec import ALL, OperationSpec
from tilewright.windows import format_duration
from tilewright_compiler.frontend.config import Config, load_config
from tilewright_compiler.plan.metrics import METRICS
from tilewright_compiler.sizing.policies import HIERARCHY
from tilewright_runtime.cli import main
from tilewright_runtime.tiles.keys import tile_key
from tilewright_runtime.times import moment_ms

CLI = (ROOT / "docs/reference/cli.md").read_text()
OPERATIONS = (ROOT / "docs/reference/operations.md").read_text()
CONFIGURATION = ROOT / "docs/reference/configuration.md"

_WITH_ARGUMENTS = {
    "APPROX_PERCENTILE": Operation.APPROX_PERCENTILE([0.5]),
    "HISTOGRAM": Operation.HISTOGRAM(),
}


def section(text: str, title: str) -> str:
    """What stands below a heading of the second rank."""
    return re.split(r"^## ", text.split(f"\n## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def cells(text: str) -> list[list[str]]:
    """The rows of the tables in a text, without their heads."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return [row for row in rows if not set("".join(row)) <= {"-"}]


def commands() -> dict[str, click.Command]:
    """The command line's commands by their whole name."""
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {"tilewright": main} | {
        f"tilewright {name}": command for name, command in found.items() if command is not None
    }


def test_every_command_is_described() -> None:
    """Commands and sections are the same."""
    assert re.findall(r"^## (.+)$", CLI, re.MULTILINE) == list(commands())


@pytest.mark.parametrize("name", commands())
def test_every_option_is_described(name: str) -> None:
    """The table of a command holds its options and no others."""
    options = {
        form for p in commands()[name].params if isinstance(p, click.Option) for form in p.opts
    } - {"-h", "--help"}
    shown = {
        form for row in cells(section(CLI, name)) for form in re.findall(r"`(--?[a-z-]+)", row[0])
    } - {"-h", "--help"}
    assert shown == options


def operation(name: str) -> OperationSpec:
    """An operation by its name, with some arguments where it needs them."""
    found = getattr(Operation, name)
    return found if isinstance(found, OperationSpec) else _WITH_ARGUMENTS.get(name) or found(5)


def named(text: str) -> set[str]:
    """The operations that the first cells of tables name."""
    return {name for row in cells(text)[1:] for name in re.findall(r"`([A-Z_]+)", row[0])}


def test_every_operation_is_described() -> None:
    """The table has all of them and no others, and each is one that keeps something."""
    names = {name for name in vars(Operation) if name.isupper()} - {"PERCENTILE"}
    assert named(section(OPERATIONS, "All operations")) == names
    assert all(operation(name).kept_states() for name in names)


@pytest.mark.parametrize(
    "row", cells(section(OPERATIONS, "All operations"))[1:], ids=lambda row: row[0]
)
def test_operations_are_as_described(row: list[str]) -> None:
    """What each takes, what an empty window gives, and which states it keeps."""
    found = operation(row[0].strip("`").partition("(")[0])
    takes = row[1].replace("every family but ", "-").replace("every family", "-")
    families = ALL - {takes[1:]} if takes.startswith("-") else set(takes.split(", "))
    assert families == set(found.accepts)
    assert row[3] == ("0" if found.counts else "null")
    assert re.findall(r"`(\w+)`", row[4]) == [kind for kind, _ in found.kept_states()]


def test_the_table_of_tile_sizes_is_the_one_that_is_built() -> None:
    """`hierarchical` in the concepts is that of the compiler."""
    rows = cells(section((ROOT / "docs/concepts.md").read_text(), "Tile, level, ladder"))[1:]
    assert rows[:-1] == [
        [f"up to {format_duration(window)}", format_duration(size)] for window, size in HIERARCHY
    ]
    assert rows[-1] == ["longer", "1d"]


def test_the_configuration_that_is_shown_is_the_default(tmp_path: Path) -> None:
    """The file in the reference loads, changes nothing, and names every key but two that are said
    to be not built.
    """
    shown, _ = (block for block in blocks(CONFIGURATION.read_text()) if block.language == "yaml")
    (tmp_path / "tiling.yaml").write_text(shown.text)
    assert load_config(str(tmp_path / "tiling.yaml")) == Config()
    keys = set(re.findall(r"^ {2}(\w+):", shown.text, re.MULTILINE))
    assert set(Config.model_fields) - keys == {"tile_sizes", "entity_stats"}
    assert all(f"`{key}`" in CONFIGURATION.read_text() for key in ("tile_sizes", "entity_stats"))


def test_the_statistics_that_are_shown_are_loaded(tmp_path: Path) -> None:
    """As a part of the same file."""
    _, shown = (block for block in blocks(CONFIGURATION.read_text()) if block.language == "yaml")
    (tmp_path / "tiling.yaml").write_text(shown.text)
    loaded = load_config(str(tmp_path / "tiling.yaml")).entity_stats
    assert loaded is not None
    assert (loaded.events_per_hour, loaded.entities, loaded.requests_per_second) == (
        12.5,
        40_000,
        200,
    )


def test_the_key_that_is_shown_is_that_of_a_tile() -> None:
    """Of one user's hour, as stores with text keys have it."""
    page = (ROOT / "docs/reference/plan.md").read_text()
    (shown,) = (block.text.strip() for block in blocks(page) if block.language == "text")
    start = moment_ms("2024-01-04T14:00:00Z")
    assert shown == tile_key("clicks.by_user", "s=ana", 3_600_000, start)


def test_every_metric_is_described() -> None:
    """With its kind and its help."""
    text = (ROOT / "docs/reference/metrics.md").read_text()
    shown = [(row[0].strip("`"), row[1], row[3]) for row in cells(text)[1:]]
    assert shown == [(metric.name, metric.kind, metric.help) for metric in METRICS]
