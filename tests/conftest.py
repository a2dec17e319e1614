"""How hypothesis runs here (the same examples each time, no deadlines, since machines differ), and
the servers that tests need.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support import redis_server as redis_servers
from support.kafka import Kafka, kafka_broker
from support.redis_server import RedisServer

# The plugin that authors get; named here too, since the sources may be on the path without being
# installed.
pytest_plugins = ["tilewright_runtime.testing.plugin"]

_COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
settings.register_profile("ci", derandomize=True, database=None, **_COMMON)  # type: ignore[arg-type]
#: For hunting: other examples each time, and many more of them.
settings.register_profile("hunt", max_examples=2_000, print_blob=True, **_COMMON)  # type: ignore[arg-type]
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


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


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis server for one test, which may stop it or set it up as it likes."""
    with redis_servers.redis_server(tmp_path / "redis") as server:
        yield server
