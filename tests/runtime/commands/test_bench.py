"""`tilewright bench` on a small workload: four ways, their figures, and what is refused."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from support.redis_server import RedisServer
from tilewright_runtime.cli import main

SMALL = ["bench", "--events-per-second", "0.5", "--window", "1h", "--requests", "5"]


def run(*arguments: str) -> Result:
    """The command in this process; an exception that is no exit is raised."""
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the command says of each way, as JSON, with a chart beside it."""
    chart = tmp_path_factory.mktemp("bench") / "chart.svg"
    done = run(*SMALL, "--format", "json", "--svg", str(chart))
    assert done.exit_code == 0
    assert ElementTree.parse(chart).getroot().tag.endswith("svg")
    (only,) = json.loads(done.stdout)["runs"]
    return {way["name"]: way for way in only["ways"]}


def test_the_ways_are_those_of_the_specification_and_ours(ways: dict[str, Any]) -> None:
    """The compiler's choice for a window of an hour is what its rules say."""
    assert {name: way["tile_sizes"] for name, way in ways.items()} == {
        "no tiling": [],
        "5m tiles": ["5m"],
        "1m tiles": ["1m"],
        "compiler's choice": ["5m"],
    }


def test_an_operation_is_a_record_that_is_read(ways: dict[str, Any]) -> None:
    """An hour that is not aligned has 13 tiles of five minutes and 61 of one."""
    assert ways["5m tiles"]["operations"] == 13
    assert ways["1m tiles"]["operations"] == 61


def test_every_way_counts_the_events_of_its_window(ways: dict[str, Any]) -> None:
    """An event every two seconds until 14:37:25: of one hour, of 13:37:00 and of 13:35:00 on."""
    assert ways["no tiling"]["events"] == 1800
    assert ways["1m tiles"]["events"] == 1812
    assert ways["5m tiles"]["events"] == 1872


def test_speed_up_is_a_ratio_of_medians(ways: dict[str, Any]) -> None:
    """Of the median without tiles to that of the way."""
    for way in ways.values():
        assert way["speed_up"] == pytest.approx(ways["no tiling"]["p50_ms"] / way["p50_ms"])


def test_the_text_names_every_figure_beside_the_specification_s() -> None:
    """Its figures stand in brackets."""
    done = run(*SMALL)
    for shown in ("(487)", "(3.20)", "(5.80)", "USD per million", "(6.00)"):
        assert shown in done.stdout


def test_a_redis_is_measured_too(redis_server: RedisServer) -> None:
    """Each store has a table of its own, and network is priced."""
    done = run(*SMALL, "--store", redis_server.url(), "--format", "json")
    (only,) = json.loads(done.stdout)["runs"]
    assert only["store"].startswith("redis://")
    assert [way["operations"] for way in only["ways"]][1:] == [13, 61, 13]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--price", "cpu=1"], "there is no price 'cpu'. Known: cpu_hour, memory_gb_hour"),
        (["--price", "cpu_hour"], "'cpu_hour' has no amount. Write it as cpu_hour=0.05"),
        (["--window", "4x"], "'4x' is not a duration"),
        (["--window", "1m"], "1m is shorter than the tiles of 5m"),
        (["--events-per-second", "1000000", "--window", "7d"], "Choose from 1 to 100,000,000"),
    ],
)
def test_what_cannot_be_measured_is_said(arguments: list[str], said: str) -> None:
    """With the option's name, before anything is written."""
    done = run("bench", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_chart_that_cannot_be_written_is_said_before_the_measuring(tmp_path: Path) -> None:
    """A folder that is not there is the user's mistake."""
    done = run(*SMALL, "--svg", str(tmp_path / "absent" / "chart.svg"))
    assert done.exit_code == 2
    assert "absent" in done.stderr


def test_tiles_are_also_fetched_from_a_cache(ways: dict[str, Any]) -> None:
    """With half of them in it, and with all; raw events are not."""
    assert (ways["no tiling"]["half_cached_ms"], ways["no tiling"]["cached_ms"]) == (None, None)
    assert ways["5m tiles"]["half_cached_ms"] > 0
    assert ways["5m tiles"]["cached_ms"] > 0
