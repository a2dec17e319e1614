"""The way to a Redis server.

That is its URL, a client, and what its errors mean.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ...errors import StoreError
from ..passwords import PASSWORD_VARIABLE, password_from_environment

_TIMEOUT_S = 5.0
_CONNECTIONS = 16
#: How often a command is sent again over a new connection.
_RETRIES, _MOST_RETRIES = 2, 10
#: The pause before that, in seconds, which doubles and has a random part; and the longest one.
_RETRY_DELAY_S, _LONGEST_DELAY_S = 0.05, 0.5
_OLDEST = 7

_WRONG_PASSWORD = (
    "refuses the user or the password ({}). Give them in the URL: "
    f"redis://user:password@host:port/db, or the password in {PASSWORD_VARIABLE}."
)
_NOT_ALLOWED = (
    "does not let this user do that ({}). Grant it the keys tiles::* and tilewright::*, and the "
    "commands that docs/how-to/serve-from-redis.md names."
)
_FULL = (
    "is full ({}). Give it more memory (maxmemory), then write again: what is missing is put again."
)
_LATE = (
    "did not answer in time ({}). Is it overloaded, or the network? A longer time is "
    "?socket_timeout=SECONDS."
)


def shown(url: str) -> str:
    """Hide user, password and parameters of a URL.

    Raises StoreError, which does not show it either, if it is none.
    """
    scheme = url.partition(":")[0]
    wrong = StoreError(
        f"store {scheme}: its URL cannot be read (it is not shown, as it may hold a password). "
        f"Write {scheme}://host:port/db or "
        f"{scheme}://user:password@host:port/db, with special characters of the password "
        "percent-encoded."
    )
    try:
        parts = urlsplit(url)
        host, port, database = parts.hostname, parts.port, parts.path.removeprefix("/")
    except ValueError:
        raise wrong from None
    if (
        not url.startswith(f"{scheme}://")
        or not host
        or not (database.isdecimal() or not database)
        or parts.fragment
    ):
        raise wrong
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port or 6379}/{database or 0}"


def connect(url: str, shown: str) -> tuple[Any, bool]:
    """Make a client of a server or of a cluster.

    Also tells which of them it is. Raises StoreError for a server that cannot hold tiles.
    """
    import redis
    from redis.retry import Retry

    from .pool import ServerPool

    try:
        address, options = _settings(url, Retry)
        pool = ServerPool.from_url(address, **_of_pool(options))
        client: Any = redis.Redis(connection_pool=pool)
        info = client.info()
    except (ValueError, TypeError) as wrong:
        # Parameters that a connection does not know; their values may be secret, their names are
        # not in the text of all of them.
        raise StoreError(
            f"store {shown}: a parameter of its URL cannot be used ({type(wrong).__name__}). "
            "Leave it out, or correct it."
        ) from None
    require_fit(info, shown)
    if not info.get("cluster_enabled"):
        return client, False
    client.close()
    return redis.RedisCluster.from_url(address, **options), True


def connect_async(url: str) -> Any:
    """Make a client of a server for tasks of asyncio.

    The URL is one that `connect` took.
    """
    import redis.asyncio
    from redis.asyncio.retry import Retry
    from redis.driver_info import DriverInfo  # Flink's Python has an older client without it

    address, options = _settings(url, Retry)
    # This client would say its name and version at the beginning, without waiting for answers. If
    # its process stood still there, its health check took one of them for its own.
    options["driver_info"] = DriverInfo(name="", lib_version="")
    pool = redis.asyncio.BlockingConnectionPool.from_url(address, **_of_pool(options))
    return redis.asyncio.Redis.from_pool(pool)


def _settings(url: str, retry: Callable[..., Any]) -> tuple[str, dict[str, Any]]:
    """Take our own parameters out of a URL.

    Returns the URL that redis-py reads, and the options of its connections. Raises ValueError for a
    parameter that is no number.
    """
    import redis
    from redis.backoff import ExponentialWithJitterBackoff

    parts = urlsplit(url)
    own = {"retries": float(_RETRIES), "retry_delay": _RETRY_DELAY_S}
    others = []
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name in own:
            own[name] = float(value)
        else:
            others.append((name, value))
    if not own["retries"].is_integer() or not 0 <= own["retries"] <= _MOST_RETRIES:
        raise ValueError("retries")
    if not 0 <= own["retry_delay"] <= _LONGEST_DELAY_S:
        raise ValueError("retry_delay")
    backoff = ExponentialWithJitterBackoff(cap=_LONGEST_DELAY_S, base=own["retry_delay"])
    return urlunsplit(parts._replace(query=urlencode(others))), {
        "password": password_from_environment(),
        "socket_timeout": _TIMEOUT_S,
        "socket_connect_timeout": _TIMEOUT_S,
        "health_check_interval": 30,
        # A time-out is not tried again: whoever set it has waited long enough.
        "retry": retry(backoff, int(own["retries"]), supported_errors=(redis.ConnectionError,)),
    }


def _of_pool(options: dict[str, Any]) -> dict[str, Any]:
    return {"max_connections": _CONNECTIONS, "timeout": _TIMEOUT_S, **options}


def require_fit(info: dict[str, Any], shown: str) -> None:
    """Require a server that is new enough and keeps keys.

    Raises StoreError for one that is too old, or that deletes keys.
    """
    version = str(info.get("redis_version", "0"))
    if int(version.partition(".")[0]) < _OLDEST:
        raise StoreError(
            f"store {shown} is Redis {version}; {_OLDEST}.0 or newer is needed, for functions on "
            "the server. Name a newer server."
        )
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction" and info.get("maxmemory"):
        raise StoreError(
            f"store {shown} deletes keys when its memory is full (maxmemory-policy {policy}): "
            "features would be wrong without a word. Set it to noeviction (CONFIG SET "
            "maxmemory-policy noeviction)."
        )


def what_to_do(wrong: Exception) -> str:
    """Say what a server refused, and what to do.

    It is the end of a message; the way to the server may have failed too.
    """
    text = str(wrong).rstrip(".")
    for kind, form in _advice():
        if isinstance(wrong, kind):
            return form.format(text)
    return f"refuses: {text}."


@cache
def _advice() -> list[tuple[type[Exception] | tuple[type[Exception], ...], str]]:
    """List kinds of errors with advice.

    The first kind that fits is meant. Special kinds stand before their bases.
    """
    from redis import exceptions as e

    return [
        (e.AuthenticationError, _WRONG_PASSWORD),
        (e.NoPermissionError, _NOT_ALLOWED),
        (e.ReadOnlyError, "is a read-only replica. Write to its primary; only reading works here."),
        (e.OutOfMemoryError, _FULL),
        (e.BusyLoadingError, "is still loading its data. Try again when it has."),
        ((e.TimeoutError, TimeoutError), _LATE),
        (e.InvalidResponse, "does not answer like a Redis ({}). Correct host and port."),
        (
            (e.ConnectionError, OSError),
            "cannot be reached ({}). Start it, or correct host and port.",
        ),
    ]
