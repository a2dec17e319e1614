"""Stores of another kind than the configuration names."""

from pathlib import Path

import pytest

from support.cli import Desk
from tilewright import Aggregation, EventSource, GroupBy, Operation, Query
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.frontend.config import Config
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.stores.expected import unexpected_store


def _plan(kind: str | None) -> Plan:
    source = EventSource(
        schema={"user": "string", "x": "double", "ts": "timestamp"}, query=Query(time_column="ts")
    )
    total = Aggregation(input_column="x", operation=Operation.SUM, windows=["12h"])
    group_by = GroupBy(sources=[source], keys=["user"], aggregations=[total])
    config = Config.model_validate({"kv_store": {"type": kind}})
    return compile_group_by(group_by, "totals", config=config)


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (None, "redis://localhost"),
        ("lmdb", "lmdb:tiles"),
        ("memory", "memory:"),
        ("redis", "rediss://localhost:6380/1"),
        ("redis_cluster", "redis+cluster://localhost:7000"),
    ],
)
def test_a_store_of_the_named_kind_is_expected(kind: str | None, url: str) -> None:
    """So is any where none is named."""
    assert unexpected_store(_plan(kind), url) is None


def test_a_store_of_another_kind_is_told_without_its_password() -> None:
    """The plan, both kinds and what to do are named."""
    assert unexpected_store(_plan("redis_cluster"), "redis://:secret@localhost") == (
        "totals was compiled for kv_store.type redis_cluster, and the store is redis:…. Name a "
        "store whose URL begins with redis+cluster or rediss+cluster, or change kv_store.type and "
        "compile again."
    )


@pytest.mark.parametrize("command", ["fetch --key user=a", "serve", "write --events none.csv"])
def test_commands_warn_of_such_a_store(tmp_path: Path, command: str) -> None:
    """Before they look for tiles, or for events."""
    desk = Desk(tmp_path, _plan("redis"))
    name, *options = command.split()
    ran = desk.run(name, desk.plan, "--store", desk.store, *options)
    assert ran.err.startswith("warning: totals was compiled for kv_store.type redis, and the store")
    assert ran.err.count("warning: ") == 1
