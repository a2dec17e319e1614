"""The page on when to tile shows what `tilewright bench` measured."""

from __future__ import annotations

import io
import json
from dataclasses import fields
from typing import Any

from rich.console import Console

from docs.pages import ROOT, blocks
from tilewright_runtime.reports.benchmark.chart import chart
from tilewright_runtime.reports.benchmark.experiment import Run
from tilewright_runtime.reports.benchmark.figures import print_benchmark
from tilewright_runtime.reports.benchmark.measuring import Measured, Prices
from tilewright_runtime.reports.benchmark.workload import Workload

ASSETS = ROOT / "docs/assets"
DOCUMENT: dict[str, Any] = json.loads((ASSETS / "bench.json").read_text())


def workload() -> Workload:
    """The experiment's size; the number of events follows from it."""
    given = {name: value for name, value in DOCUMENT["workload"].items() if name != "events"}
    return Workload(**given)


def run() -> Run:
    """What the file holds of the first store."""
    names = {field.name for field in fields(Measured)}
    (first, *_) = DOCUMENT["runs"]
    measured = []
    for way in first["ways"]:
        measured.append(Measured(**{name: way[name] for name in names}))
    return Run(first["store"], False, measured)


def test_the_page_shows_the_figures_that_were_measured() -> None:
    """The block is what the command prints of docs/assets/bench.json."""
    text = io.StringIO()
    console = Console(file=text, width=120)
    print_benchmark(console, workload(), [run()], Prices(**DOCUMENT["prices"]))
    page = (ROOT / "docs/how-to/when-to-tile.md").read_text()
    shown = [block.text for block in blocks(page) if block.language == "text"]
    assert [one.strip() for one in shown] == [
        "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip()
    ]


def test_the_chart_is_of_the_same_figures() -> None:
    """It is drawn from docs/assets/bench.json."""
    assert (ASSETS / "bench.svg").read_text() == chart(workload(), run())
