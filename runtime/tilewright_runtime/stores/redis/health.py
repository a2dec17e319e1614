"""How a Redis fares."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial
from typing import Any

from ..health import StoreHealth, shortest_seconds
from .commands import Commands

_TIMEOUT_S = 5.0


def redis_health(commands: Commands) -> StoreHealth:
    """Measure a server, or the worst of a cluster's primaries.

    The kernel takes a connection without asking the server, so a slow server is told from a slow
    network.
    """
    client = commands.client
    answer_s = connect_s = 0.0
    fullest = StoreHealth(0.0)
    for node in _nodes(client, commands.is_cluster):
        pool = node.connection_pool
        pool_settings = pool.connection_kwargs
        place = (pool_settings.get("host", "localhost"), int(pool_settings.get("port", 6379)))
        connect_s = max(connect_s, commands.ask(partial(_connect_seconds, place)))
        answer_s = max(answer_s, commands.ask(partial(shortest_seconds, node.ping)))
        own = _usage(commands.ask(node.info))
        if _part(own) >= _part(fullest):
            fullest = own
    return StoreHealth(
        answer_seconds=answer_s,
        connect_seconds=connect_s,
        used_bytes=fullest.used_bytes,
        limit_bytes=fullest.limit_bytes,
        evicted=fullest.evicted,
        policy=fullest.policy,
    )


def _nodes(client: Any, is_cluster: bool) -> Iterator[Any]:
    """List the clients of the primaries."""
    if not is_cluster:
        yield client
        return
    for node in client.get_primaries():
        yield client.get_redis_connection(node)


def _connect_seconds(place: tuple[str, int]) -> float:
    return shortest_seconds(lambda: socket.create_connection(place, _TIMEOUT_S).close())


def _usage(info: dict[str, Any]) -> StoreHealth:
    limit = int(info.get("maxmemory", 0))
    return StoreHealth(
        answer_seconds=0.0,
        used_bytes=int(info.get("used_memory", 0)),
        limit_bytes=limit or None,
        evicted=int(info.get("evicted_keys", 0)),
        policy=str(info.get("maxmemory_policy", "")),
    )


def _part(health: StoreHealth) -> float:
    """The part of a node that is used.

    A node that has evicted counts as full.
    """
    if health.evicted:
        return 2.0
    return (health.used_bytes or 0) / health.limit_bytes if health.limit_bytes else 0.0
