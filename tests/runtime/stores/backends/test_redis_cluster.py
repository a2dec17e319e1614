"""A cluster of Redis servers: the promises of stores, and what is lost by one of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.plans import AT
from support.redis_server import RedisServer, redis_server
from support.remote import quality
from support.session import Session, row
from support.waiting import wait_until
from tilewright_runtime import Fetcher
from tilewright_runtime.errors import StoreError
from tilewright_runtime.stores import open_store
from tilewright_runtime.stores.backends.redis import RedisStore
from tilewright_runtime.testing.stores import StoreConformance, record
from tilewright_runtime.tiles.keys import Range, TileKeys

#: A tile of each of forty entities, which both servers have some of.
TABLE = TileKeys("t", 1000, [f"s={n}" for n in range(40)], list(range(40)), [0] * 40)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Two primaries that share the slots."""
    folder = tmp_path_factory.mktemp("cluster")
    options = "--cluster-enabled", "yes"
    with redis_server(folder / "a", *options) as one, redis_server(folder / "b", *options) as other:
        join(one, other)
        yield one


def join(one: RedisServer, other: RedisServer) -> None:
    """Makes a cluster of two servers and waits until both say that it is whole."""
    first, second = one.client(), other.client()
    first.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 8191)
    second.execute_command("CLUSTER", "ADDSLOTSRANGE", 8192, 16383)
    first.execute_command("CLUSTER", "MEET", "127.0.0.1", other.port, other.bus_port)
    wait_until(
        lambda: all(client.cluster("info")["cluster_state"] == "ok" for client in (first, second)),
        "the cluster is whole",
    )


def give(client: Any, slot: int, node: Any) -> None:
    """Lets another server have a slot that is empty, as both are told."""
    client.flushall(target_nodes=client.PRIMARIES)
    name = client.cluster_myid(node)
    for primary in client.get_primaries():
        client.cluster_setslot(primary, name, slot, "NODE")


class TestCluster(StoreConformance):
    """A cluster of two servers keeps the same promises: an entity's tiles lie together, those of a
    put may not.
    """

    @pytest.fixture
    def url(self, cluster: RedisServer) -> str:
        """The cluster, emptied."""
        import redis

        client = redis.RedisCluster(port=cluster.port, host="127.0.0.1")
        client.flushall(target_nodes=client.PRIMARIES)
        client.close()
        return cluster.url(0)

    def test_a_url_may_say_that_it_is_a_cluster(self, url: str, redis_server: RedisServer) -> None:
        """It is then refused if it is a server by itself, and is the same store if not."""
        store = open_store(url)
        store.put("name", b"value")
        assert open_store(url.replace("redis:", "redis+cluster:")).get("name") == b"value"
        alone = redis_server.url().replace("redis:", "redis+cluster:")
        with pytest.raises(StoreError, match="is no cluster"):
            open_store(alone)

    def test_no_server_is_asked_where_a_call_goes(self, url: str) -> None:
        """A put goes to the servers of its keys at once."""
        store = open_store(url)
        assert isinstance(store, RedisStore)
        client = store._commands.client
        for primary in client.get_primaries():
            client.config_resetstat(target_nodes=primary)
        store.put_newer(TABLE, [record(1)] * 40, None)
        for primary in client.get_primaries():
            counted = client.info("commandstats", target_nodes=primary)
            assert "cmdstat_fcall" in counted
            assert "cmdstat_command|getkeys" not in counted
        store.close()

    def test_a_call_follows_a_slot_that_moves(self, cluster: RedisServer, url: str) -> None:
        """A store that is open while another server takes a slot puts there what belongs to it."""
        store = open_store(url)
        assert isinstance(store, RedisStore)
        client = store._commands.client
        slot = client.keyslot(next(iter(TABLE.texts)))
        home = client.nodes_manager.slots_cache[slot][0]
        (other,) = (node for node in client.get_primaries() if node != home)
        give(client, slot, other)
        try:
            store.put_newer(TABLE, [record(1)] * 40, None)
            assert store.scan("t", "s=0", [Range(1000, 0, 1000)]) == [[record(1)]]
        finally:
            client.flushall(target_nodes=client.PRIMARIES)
            give(client, slot, home)
        store.close()

    def test_an_entity_lies_on_one_server(self, url: str) -> None:
        """Several entities are spread, each with all its tiles on one server."""
        store = open_store(url)
        assert isinstance(store, RedisStore)
        entities = [f"s={number}" for number in range(40)]
        keys = TileKeys(
            "t",
            1000,
            entities,
            [number for number in range(40) for _ in range(5)],
            [1000 * n for n in range(5)] * 40,
        )
        store.put_newer(keys, [record(1)] * 200, 600_000)
        client = store._commands.client
        homes: dict[str, set[int]] = {}
        for key in keys.texts:
            homes.setdefault(key.split("::")[2], set()).add(client.keyslot(key))
        assert all(len(slots) == 1 for slots in homes.values())
        sizes = client.dbsize(target_nodes=client.PRIMARIES)
        assert sizes == 201  # and the format
        store.close()

    def test_a_server_that_lost_its_tiles_is_noticed(
        self, cluster: RedisServer, url: str, tmp_path: Path
    ) -> None:
        """Answers of its entities are marked, those of others stay clean, and the next write puts
        all tiles again.
        """
        session = Session(url=url, state=f"lmdb:{tmp_path}/state")
        entities = [f"e{number}" for number in range(20)]
        session.write([row(name, 1) for name in entities])
        fetcher = Fetcher(session.plan, session.store)
        client = session.store._commands.client  # type: ignore[attr-defined]
        plan_home = client.get_node_from_key("tilewright::plan/things").name
        (other,) = (node for node in client.get_primaries() if node.name != plan_home)
        client.flushall(target_nodes=other)
        answers = {name: fetcher.fetch({"k": name}, at=AT) for name in entities}
        lost = [a for a in answers.values() if a.features["n_count_1h"] == 0]
        assert 0 < len(lost) < 20
        assert all(answer.quality == {"store": "unknown"} for answer in lost)
        assert all(answer.quality == {} for answer in answers.values() if answer not in lost)
        session.write([])
        for name in entities:
            answer = fetcher.fetch({"k": name}, at=AT)
            assert (answer.features["n_count_1h"], answer.quality) == (1, {})

    def test_slots_may_move(self, cluster: RedisServer, url: str, tmp_path: Path) -> None:
        """A store that is open while slots move asks the server that has them now."""
        session = Session(url=url, state=f"lmdb:{tmp_path}/state")
        session.write([row("a", 1)])
        fetcher = Fetcher(session.plan, session.store)
        assert quality(fetcher) == {}
        servers = session.store._servers  # type: ignore[attr-defined]
        one, other = servers._find_tags().items()
        servers._tags = {one[0]: other[1], other[0]: one[1]}
        assert quality(fetcher) == {}
        assert servers._tags == dict([one, other])
