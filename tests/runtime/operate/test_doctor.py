"""Doctor: each thing is broken for real, and doctor names it and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from support.cli import Desk
from support.examining import causes, events, examined, now_ms
from support.plans import DAY, HOUR, MINUTE, aggregations, plan_of
from support.service import serving
from support.session import SCHEMA, Session, row
from tilewright import Aggregation, Operation
from tilewright_runtime import Writer, open_store
from tilewright_runtime.operate.doctor import Severity, examine
from tilewright_runtime.operate.missing import job_health
from tilewright_runtime.operate.service_numbers import ServiceNumbers


def tiny_tiles() -> list[Aggregation]:
    """A sum over two days in tiles of a minute."""
    small = aggregations("n", [Operation.SUM], ["2d"])
    return [one.model_copy(update={"tile_size": "1m"}) for one in small]


def test_nothing_is_found_where_all_is_well(tmp_path: Path) -> None:
    """Each check still has its evidence, and nothing is advised."""
    session = Session(url=f"lmdb:{tmp_path}/store")
    session.write(events())
    found = examined(session)
    assert causes(found) == []
    assert found.severity == Severity.OK
    findings = [check.finding for one in found.diagnoses for check in one.checks]
    assert all(finding.evidence and not finding.remedy for finding in findings)
    assert not any(" 0.00 " in finding.evidence for finding in findings)
    assert [[check.name for check in one.checks] for one in found.diagnoses] == [
        [
            "cache_hit_rate",
            "tile_size",
            "store_health",
            "round_trip_time",
            "deserialization",
            "service_latency",
        ],
        ["job_health", "late_data", "store_capacity"],
    ]
    session.close()


def test_a_stopped_writer_is_named(tmp_path: Path) -> None:
    """The newest event is too old, and no process has the store open to write it."""
    Desk(tmp_path).write(Desk(tmp_path).events(events(3 * HOUR)))
    with open_store(f"lmdb:{tmp_path}/store", create=False) as store:
        session = Session()
        found = examine(session.plan, store)
        assert causes(found) == ["job_health"]
        (check,) = found.diagnoses[1].causes
        assert "3h" in check.finding.evidence
        assert "no process has the store open" in check.finding.evidence
        assert "Start the writer again" in check.finding.remedy
        assert causes(examine(session.plan, store, max_age_ms=DAY)) == []


def test_a_writer_whose_source_is_silent_is_told_apart(tmp_path: Path) -> None:
    """A process still has the store open to write it."""
    session = Session(url=f"lmdb:{tmp_path}/store")
    session.write(events(3 * HOUR))
    (check,) = examined(session).diagnoses[1].causes
    assert "a process has the store open" in check.finding.evidence
    assert "its source has newer events" in check.finding.remedy
    session.close()


def test_late_events_are_named(tmp_path: Path) -> None:
    """Events that a stream refused as too late are counted in the store."""
    session = Session(url=f"lmdb:{tmp_path}/store")
    with Writer(session.plan, session.store, stream=True) as writer:
        writer.write(events(), position="one")
        late = [row("a", 1, ts=now_ms() - 2 * DAY) for _ in range(5)]
        writer.write([row("a", 1, ts=now_ms()), *late], position="two")
    found = examined(session)
    assert causes(found) == ["late_data"]
    assert "5 events of" in found.diagnoses[1].causes[0].finding.evidence
    session.close()


def test_tiles_that_are_much_too_small_are_named(tmp_path: Path) -> None:
    """A window of two days in tiles of a minute reads hundreds of them."""
    session = Session(plan_of(SCHEMA, ["k"], tiny_tiles()), f"lmdb:{tmp_path}/store")
    end_ms = now_ms()
    session.write([row("a", 1, ts=end_ms - part * 5 * MINUTE) for part in range(500)])
    found = examined(session)
    assert causes(found) == ["tile_size"]
    finding = found.diagnoses[0].causes[0].finding
    assert "the window of 2d reads 500 tiles, the finest of 1m" in finding.evidence
    assert "about 4h" in finding.remedy
    session.close()


def test_a_store_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """The command says so of the store, with its error as evidence."""
    desk = Desk(tmp_path)
    ran = desk.run("doctor", desk.plan, "--store", f"lmdb:{tmp_path}/nowhere", "--format", "json")
    assert ran.status == 2
    found = json.loads(ran.out)
    assert found["diagnoses"][0]["causes"] == ["store_health"]
    assert "there is none" in found["diagnoses"][0]["checks"][2]["evidence"]


@pytest.mark.parametrize("url", ["redis://ana:s3cret@127.0.0.1:1/0", "redis://h:s3cret@[::1"])
def test_a_store_that_cannot_be_read_keeps_its_password(url: str, tmp_path: Path) -> None:
    """Its URL is shown without it."""
    desk = Desk(tmp_path)
    ran = desk.run("doctor", desk.plan, "--store", url)
    assert "redis:" in ran.out
    assert "s3cret" not in ran.out + ran.err


def test_a_low_hit_rate_is_named(tmp_path: Path) -> None:
    """The metrics of a service count hits and misses of this plan and of others."""
    session = Session(url=f"lmdb:{tmp_path}/store")
    session.write(events())
    plan = session.plan.name
    exposed = (
        "# TYPE tilewright_cache_hits_total counter\n"
        f'tilewright_cache_hits_total{{plan="{plan}"}} 100.0\n'
        f'tilewright_cache_misses_total{{plan="{plan}"}} 1900.0\n'
        'tilewright_cache_hits_total{plan="other"} 1e6\n'
    )
    values = ServiceNumbers.read(exposed, plan).values
    assert values == {"cache_hits_total": 100, "cache_misses_total": 1900}
    found = examined(session, metrics=exposed)
    assert causes(found) == ["cache_hit_rate"]
    assert "(5%)" in found.diagnoses[0].causes[0].finding.evidence
    session.close()


def buckets(plan: str, *counts: int) -> str:
    """What a service exposes of fetches up to 10, 100 and 500 ms, and of any length."""
    bounds = ("0.01", "0.1", "0.5", "+Inf")
    name = "tilewright_tile_fetch_latency_seconds_bucket"
    lines = [
        f'{name}{{le="{le}",plan="{plan}"}} {count}'
        for le, count in zip(bounds, counts, strict=True)
    ]
    return "".join(f"{line}\n" for line in lines)


def test_a_service_that_is_slower_than_its_store_is_named(tmp_path: Path) -> None:
    """One fetch in twenty took more than 100 ms, and those that doctor measures do not."""
    session = Session(url=f"lmdb:{tmp_path}/store")
    session.write(events())
    plan = session.plan.name
    found = examined(session, metrics=buckets(plan, 900, 950, 1000, 1000))
    assert causes(found) == ["service_latency"]
    evidence = found.diagnoses[0].causes[0].finding.evidence
    assert evidence.startswith("of 1,000 fetches 99 % took at most 500 ms")
    assert causes(examined(session, metrics=buckets(plan, 995, 996, 1000, 1000))) == []
    assert causes(examined(session, metrics=buckets(plan, 0, 0, 9, 9))) == []
    session.close()


def test_a_far_service_is_named(tmp_path: Path) -> None:
    """The smallest answer takes a while, and the store is on this machine."""
    session = Session(url=f"lmdb:{tmp_path}/store")
    session.write(events())
    found = examined(session, metrics="", way_seconds=0.25)
    assert causes(found) == ["round_trip_time"]
    assert "250.00 ms" in found.diagnoses[0].causes[0].finding.evidence
    session.close()


def test_each_broken_set_up_is_named_through_its_service_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that asks for a token serves a plan of tiny tiles, and one that nobody writes."""
    end_ms = now_ms()
    tiny = plan_of(SCHEMA, ["k"], tiny_tiles(), name="tiny")
    # A name of its own, since what a process counts of a plan is counted by name.
    stopped = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM]), name="stopped")
    desks = [Desk(tmp_path, tiny, "tiny.json"), Desk(tmp_path, stopped, "stopped.json")]
    rows = [row("a", 1, ts=end_ms - part * 5 * MINUTE) for part in range(500)]
    desks[0].write(desks[0].events(rows, "tiny.csv"))
    desks[1].write(desks[1].events(events(3 * HOUR), "stopped.csv"))
    paths = [desk.plan for desk in desks]
    with serving(paths, desks[0].store, tokens=[b"secret"]) as client:
        headers = {"authorization": "Bearer secret"}
        for name in ("tiny", "stopped"):
            path = f"/v1/features/groupby/{name}"
            assert client.post(path, json=[{"k": "a"}] * 20, headers=headers).status_code == 200
        options = ("--store", desks[0].store, "--service", str(client.base_url), "--format", "json")
        ran = desks[0].run("doctor", desks[0].plan, *options)
        assert (ran.status, "asks for a token" in ran.err) == (1, True)
        monkeypatch.setenv("TILEWRIGHT_TOKEN", "secret")
        found = [json.loads(desk.run("doctor", desk.plan, *options).out) for desk in desks]
    assert [[one["causes"] for one in each["diagnoses"]] for each in found] == [
        [["tile_size"], []],
        [[], ["job_health"]],
    ]
    (latency,) = [
        check for check in found[0]["diagnoses"][0]["checks"] if check["check"] == "service_latency"
    ]
    assert "each asked for 2,88" in latency["evidence"]


def test_the_command_has_a_status_by_severity(tmp_path: Path) -> None:
    """0 if nothing is found, 2 for what is critical; text and JSON say the same."""
    desk = Desk(tmp_path)
    desk.write(desk.events(events()))
    command = ("doctor", desk.plan, "--store", desk.store)
    ran = desk.run(*command)
    assert (ran.status, ran.err) == (0, "")
    assert "High latency: no cause found" in ran.out
    assert "Missing tiles: no cause found" in ran.out
    ran = desk.run(*command, "--max-age", "1s", "--format", "json")
    found = json.loads(ran.out)
    assert (ran.status, found["severity"]) == (2, "critical")
    assert found["diagnoses"][1]["causes"] == ["job_health"]
    assert desk.run(*command, "--key", "k=a").status == 0


@pytest.mark.parametrize(
    "options",
    [["--max-age", "soon"], ["--service", "localhost"], ["--key", "a"], ["--format", "xml"]],
)
def test_its_mistakes(options: list[str], tmp_path: Path) -> None:
    """A duration, an address, a key and a format that are none."""
    desk = Desk(tmp_path)
    desk.write(desk.events(events()))
    assert desk.run("doctor", desk.plan, "--store", desk.store, *options).status == 2


def test_a_service_that_is_away_is_an_error(tmp_path: Path) -> None:
    """Doctor says which address it could not read."""
    desk = Desk(tmp_path)
    desk.write(desk.events(events()))
    service = ("--service", "http://127.0.0.1:9")
    ran = desk.run("doctor", desk.plan, "--store", desk.store, *service)
    assert ran.status == 1
    assert "http://127.0.0.1:9/metrics" in ran.err


def test_a_full_store_that_lost_tiles_waits_for_no_room() -> None:
    """Room alone does not bring them back."""
    health = SimpleNamespace(used_bytes=96, limit_bytes=100)
    seen: Any = SimpleNamespace(health=health, condition="restarted", is_loading=False)
    assert job_health(seen).severity == Severity.CRITICAL
    seen.condition = "updating"
    assert job_health(seen).severity == Severity.OK
