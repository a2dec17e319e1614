"""`tilewright stats`: what it measures, and that the configuration takes what it prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.cli import Desk
from support.plans import AT, HOUR, aggregations, event_source, plan_of
from support.session import SCHEMA, row
from tilewright import Operation
from tilewright_compiler.frontend.config import EntityStats, load_config

TEN = AT // HOUR * HOUR


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder with the simple plan."""
    return Desk(tmp_path)


def parsed(desk: Desk, printed: str) -> EntityStats | None:
    file = desk.folder / "tilewright.yaml"
    file.write_text(printed, encoding="utf-8")
    return load_config(str(file)).entity_stats


def sample() -> list[dict[str, Any]]:
    """Ten hours of three entities: `a` with 20 events, twelve of them in one hour, `b` with 5 and
    `c` with 1.
    """
    a = [row("a", 1, ts=TEN + i) for i in range(12)] + [
        row("a", 1, ts=TEN + (2 + i) * HOUR) for i in range(8)
    ]
    return [*a, *(row("b", 1, ts=TEN + i * HOUR + 5) for i in range(5)), row("c", None, ts=TEN + 7)]


def test_what_is_printed_can_be_pasted(desk: Desk) -> None:
    """The rates are over all hours of the sample; typical is the entity in the middle."""
    ran = desk.run("stats", desk.plan, desk.events(sample()))
    assert (ran.status, ran.err) == (0, "")
    assert parsed(desk, ran.out) == EntityStats(events_per_hour=0.5, entities=3)
    assert "26 events over 10 hours" in ran.out
    assert "2 events per hour, and the most that any has in one hour are 12." in ran.out


def test_several_files_are_one_sample(desk: Desk) -> None:
    """An entity's events count together, whichever file they are in."""
    rows = sample()
    files = [desk.events(rows[:9], "one.csv"), desk.events(rows[9:], "two.csv")]
    assert (
        desk.run("stats", desk.plan, *files).out
        == desk.run("stats", desk.plan, desk.events(rows)).out
    )


def test_rows_that_cannot_be_used_are_said(desk: Desk) -> None:
    """Refused rows are no events, and are counted on standard error."""
    ran = desk.run("stats", desk.plan, desk.events([*sample(), row(None, 1, ts=TEN)]))
    assert parsed(desk, ran.out) == EntityStats(events_per_hour=0.5, entities=3)
    assert ran.err == "1 row refused and not counted; tilewright write says why\n"


def test_a_rare_entity_has_a_rate_that_yaml_reads(desk: Desk) -> None:
    """Small rates are written without an exponent, which YAML would take for a text."""
    ran = desk.run(
        "stats", desk.plan, desk.events([row("a", 1, ts=AT), row("a", 1, ts=AT + 30_000 * HOUR)])
    )
    assert parsed(desk, ran.out) == EntityStats(events_per_hour=6.666e-5, entities=1)


@pytest.mark.parametrize(
    ("rows", "message"),
    [([row(None, 1)], "none of the events can be used (1 rows"), ([], "none of the events")],
)
def test_a_sample_without_events_is_refused(
    desk: Desk, rows: list[dict[str, Any]], message: str
) -> None:
    """Nothing can be measured where there is nothing."""
    ran = desk.run("stats", desk.plan, desk.events(rows))
    assert (ran.status, ran.out) == (1, "")
    assert message in ran.err


def test_a_plan_of_several_sources_asks_which(tmp_path: Path) -> None:
    """Files are of one source, which must be named where there are more."""
    sources = [event_source(SCHEMA, name="web"), event_source(SCHEMA, name="app")]
    desk = Desk(
        tmp_path, plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM]), sources=sources)
    )
    events = desk.events(sample())
    ran = desk.run("stats", desk.plan, events)
    assert (ran.status, "it has web, app. Name one with --source" in ran.err) == (1, True)
    assert desk.run("stats", desk.plan, events, "--source", "app").status == 0
    assert (
        "'other' is not a source" in desk.run("stats", desk.plan, events, "--source", "other").err
    )


@pytest.mark.parametrize("name", ["config", "plan"])
def test_schemas_are_printed(desk: Desk, name: str) -> None:
    """`tilewright schema` prints a JSON Schema."""
    import json

    ran = desk.run("schema", name)
    assert (ran.status, json.loads(ran.out)["$schema"]) == (
        0,
        "https://json-schema.org/draft/2020-12/schema",
    )
    assert desk.run("schema", "other").status == 2
