"""What the keys of the configuration change while a plan runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.plans import AT, MINUTE, aggregations, event_source
from support.redis_server import RedisServer
from support.session import SCHEMA, Session, row
from tilewright import GroupBy, Operation
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.frontend.config import Config
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.times import now_ms


def configured(operation: Any = Operation.SUM, **tiling: Any) -> Plan:
    """A plan of an hour's feature, with this section of the file."""
    group_by = GroupBy(
        sources=[event_source(SCHEMA)],
        keys=["k"],
        aggregations=aggregations("n", [operation]),
        tiling_enabled=True,
    )
    return compile_group_by(group_by, "things", config=Config.model_validate(tiling))


@pytest.mark.parametrize("flink", [{"allowed_lateness": "1h"}, {"out_of_orderness": "1h"}])
def test_a_stream_takes_later_events(flink: dict[str, str]) -> None:
    """Half an hour is too late by default, and within an hour of either kind."""
    for plan, refused in ((configured(), 1), (configured(flink=flink), 0)):
        session = Session(plan, stream=True)
        report = session.write([row("a", 1, ts=AT), row("a", 1, ts=AT - 30 * MINUTE)])
        assert sum(report.refused.values()) == refused


def test_events_ahead_of_the_clock_are_refused_sooner() -> None:
    """Ten minutes are within a day, and not within one minute."""
    ahead = [row("a", 1, ts=now_ms() + 10 * MINUTE)]
    assert Session(configured()).write(ahead).refused == {}
    short = configured(flink={"max_ahead": "1m"})
    assert sum(Session(short).write(ahead).refused.values()) == 1


def test_records_are_stored_as_they_are_without_compression() -> None:
    """A histogram of like values takes less than half of that with snappy."""
    sizes = []
    for compression in ("none", "snappy"):
        plan = configured(Operation.HISTOGRAM(), kv_store={"compression": compression})
        session = Session(plan)
        session.write([row("a", 10**12 + number, ts=AT - 1) for number in range(300)])
        ((_, records),) = session.store.tiles(plan.name)  # type: ignore[attr-defined]
        sizes.append(len(records[0]))
    assert sizes[1] < sizes[0] / 2


@pytest.mark.parametrize(("batch_size", "calls"), [(50, 1), (5, 3)])
def test_a_fetch_asks_redis_for_so_many_tiles_at_once(
    redis_server: RedisServer, tmp_path: Path, batch_size: int, calls: int
) -> None:
    """An hour is 13 tiles of 5m, in one call or in three that are sent together."""
    plan = configured(kv_store={"batch_size": batch_size})
    session = Session(plan, redis_server.url(), state=f"lmdb:{tmp_path}/state")
    session.write([row("a", 1)])
    session.features(k="a")  # what is asked once is not counted
    client = redis_server.client()
    client.config_resetstat()
    assert session.features(k="a") == {"n_sum_1h": 1}
    assert client.info("commandstats")["cmdstat_mget"]["calls"] == calls
    session.close()
