"""How hypothesis runs here (the same examples each time, no deadlines, since machines differ), and
the servers that tests need.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.internal.conjecture import engine

from support import redis_server as redis_servers
from support.flink import Host, flink_host
from support.kafka import Kafka, kafka_broker
from support.redis_server import RedisServer

# The plugin that authors get; named here too, since the sources may be on the path without being
# installed.
pytest_plugins = ["tilewright_runtime.testing.plugin"]

_COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    # To explain a failure runs it again many times over; to shrink it is enough to understand it.
    "phases": [phase for phase in Phase if phase is not Phase.explain],
}
#: A run with failures is not much longer than one without; five minutes each is the default.
engine.MAX_SHRINKING_SECONDS = 20
_MAKE_TEST: dict[str, Any] = {"max_examples": 50, "derandomize": True, "database": None}
settings.register_profile("ci", **_MAKE_TEST, **_COMMON)  # type: ignore[arg-type]
#: For `make nightly` and for hunting: other examples each time, and many more of them.
settings.register_profile("nightly", max_examples=400, print_blob=True, **_COMMON)  # type: ignore[arg-type]
settings.register_profile("hunt", max_examples=2_000, print_blob=True, **_COMMON)  # type: ignore[arg-type]
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep what shares a server in one process."""
    from support.schedule import scheduler

    return scheduler(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest, where several processes share the tests."""
    if hasattr(config, "workerinput"):
        from support.schedule import order_of

        items.sort(key=lambda item: order_of(item.nodeid))


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for all tests, each of which has a database of its own in it."""
    with redis_servers.redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def tls_redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The same over TLS."""
    with redis_servers.tls_server(tmp_path_factory.mktemp("rediss")) as server:
        yield server


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A Kafka for all tests, each of which has topics of its own in it."""
    with kafka_broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="session")
def flink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A process with Flink for all tests, whose JVM starts once."""
    with flink_host(tmp_path_factory.mktemp("host")) as host:
        yield host


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis server for one test, which may stop it or set it up as it likes."""
    with redis_servers.redis_server(tmp_path / "redis") as server:
        yield server
