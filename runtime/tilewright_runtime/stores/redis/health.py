"""How a Redis fares."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from ..health import BUSY_WINDOW_S, StoreHealth, shortest_seconds
from .commands import Commands

_TIMEOUT_S = 5.0
#: Entries of a server's log of slow commands that are read: as many as it keeps by default.
_SLOW_COMMANDS = 128


def redis_health(commands: Commands) -> StoreHealth:
    """Measure a server, or the worst of a cluster's primaries.

    The kernel takes a connection without asking the server, so a slow server is told from a slow
    network.
    """
    client = commands.client
    answer_s = connect_s = 0.0
    busiest = (0.0, "")
    fullest = StoreHealth(0.0)
    for node in _nodes(client, commands.is_cluster):
        pool = node.connection_pool
        pool_settings = pool.connection_kwargs
        place = (pool_settings.get("host", "localhost"), int(pool_settings.get("port", 6379)))
        connect_s = max(connect_s, commands.ask(partial(_connect_seconds, place)))
        answer_s = max(answer_s, commands.ask(partial(shortest_seconds, node.ping)))
        busiest = max(busiest, commands.ask(partial(_slow_commands, node)))
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
        busy_seconds=busiest[0],
        slow_command=busiest[1],
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


def _slow_commands(node: Any) -> tuple[float, str]:
    """Add up what slow commands took lately.

    The shortest answer falls between them, and does not show them. With it comes the name of the
    one that took longest, without its arguments.
    """
    from redis.exceptions import ResponseError

    recent = []
    with suppress(ResponseError):  # whoever may fetch need not be allowed to read the log
        since = node.time()[0] - BUSY_WINDOW_S
        for entry in node.slowlog_get(_SLOW_COMMANDS):
            if entry["start_time"] >= since:
                recent.append((entry["duration"] / 1e6, _name(entry["command"])))
    return sum(seconds for seconds, _ in recent), max(recent, default=(0.0, ""))[1]


def _name(command: bytes | str) -> str:
    text = command if isinstance(command, str) else command.decode("ascii", "replace")
    match = re.match(r"[A-Za-z.]{1,40}", text)
    return match[0].upper() if match else "?"


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
