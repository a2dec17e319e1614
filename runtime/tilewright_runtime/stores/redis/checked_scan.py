"""Scans of a Redis, with what it says against them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..base import Scanned, ScanRequest
from ..filling import Filled, condition_of
from .commands import CALL_KEYS, Commands, Exchange, values_of
from .functions import SEEN
from .packing import Command, single
from .scan import Scan, begin_scan
from .servers import Servers, server_of

if TYPE_CHECKING:
    from .pool import ServerPool

#: Commands that are read without asking the server of itself.
_FEW_COMMANDS = 4


def document_key(name: str) -> str:
    """Write the key of a named document."""
    return f"tilewright::{name}"


def filled_keys(table: str, tags: Iterable[str]) -> list[str]:
    """Name the documents of how far a table is filled.

    There is one for each server.
    """
    return [document_key(f"filled/{table}{tag}") for tag in tags]


def scanning(
    commands: Commands, table: str, requests: Sequence[ScanRequest]
) -> Exchange[list[list[list[bytes]]]]:
    """Read each entity's records by range, oldest first."""
    scan = yield from begin_scan(commands, table, requests)
    _, values = yield from values_of(scan.keys, commands.is_cluster)
    return scan.records(values)


def checked_scan(
    commands: Commands,
    servers: Servers,
    table: str,
    requests: Sequence[ScanRequest],
    names: Sequence[str],
    batch_keys: int = CALL_KEYS,
    pool: ServerPool | None = None,
) -> Exchange[Scanned]:
    """Read records and documents, and why some may lack.

    The pool of a single server knows what that said of itself lately, for covers of few commands.
    """
    scan = yield from begin_scan(commands, table, requests)
    documents = [document_key(name) for name in (f"plan/{table}", *names)]
    if scan.key_count > min(_FEW_COMMANDS * batch_keys, CALL_KEYS):
        pool = (
            None  # perhaps several round trips over several connections: to ask costs little then
        )
    if pool is not None and (server := pool.server()) is not None:
        read = yield from _read_at_once(scan, documents, table, batch_keys)
        filled = Filled.from_bytes(read.filled)
        is_known = filled is not None and filled.run == server.run == pool.run
        if is_known and not condition_of(filled, server):  # what is not clean is asked anew
            return _scanned(commands, scan, read, "")
    tags = servers.tags(runs[0].prefix for runs in scan.keys if runs)
    checks: list[Command] = [("GET", key) for key in documents]
    asked_s = time.monotonic()
    now_ms = str(time.time_ns() // 1_000_000)
    checks += [("FCALL_RO", SEEN, "1", key, now_ms) for key in filled_keys(table, tags)]
    checked, values = yield from values_of(scan.keys, commands.is_cluster, checks, batch_keys)
    seen = checked[len(documents) :]
    if pool is not None:
        _keep(pool, asked_s, seen[0])
    return _scanned(commands, scan, _Read(checked[: len(documents)], values), _condition(seen))


class _Read(NamedTuple):
    """What was read of one or several servers."""

    documents: Sequence[bytes | None]
    values: Sequence[bytes | None]
    """Of the keys of the scan."""
    filled: bytes | None = None
    """How far the table is filled."""


def _read_at_once(
    scan: Scan, documents: Sequence[str], table: str, batch_keys: int
) -> Exchange[_Read]:
    """Read everything, with how far the table is filled.

    One command is not interrupted. Of several, the last one reads again how far the table is
    filled: if it is another document by then, it counts as none.
    """
    (filled_key,) = filled_keys(table, [""])
    keys, count = [*documents, filled_key], len(documents)
    is_one = scan.key_count <= batch_keys
    runs = scan.keys if is_one else [*scan.keys, [single(filled_key)]]
    _, values = yield from values_of(runs, False, (), batch_keys, keys)
    filled = values[count]
    if not is_one and values.pop() != filled:
        filled = None
    return _Read(values[:count], values[count + 1 :], filled)


def _keep(pool: ServerPool, asked_s: float, seen: Any) -> None:
    """Keep what a server said, if it speaks for itself.

    A replica has its primary's document, and its role may change.
    """
    if not isinstance(seen, Exception):
        filled, server = Filled.from_bytes(seen[0]), server_of(seen)
        if filled is not None and filled.run == server.run:
            pool.keep(asked_s, server)


def _scanned(commands: Commands, scan: Scan, read: _Read, condition: str) -> Scanned:
    plan, *others = read.documents
    if plan is None:
        condition = ""
    elif not condition:
        scan.require_firsts(commands.url, read.values)
    return Scanned(scan.records(read.values), plan, condition, others)


def _condition(seen: Sequence[Any]) -> str:
    for one in seen:
        # A server that lacks the function was filled by an older version, or went back to before
        # the function was there.
        is_known = not isinstance(one, Exception)
        filled = Filled.from_bytes(one[0]) if is_known else None
        condition = condition_of(filled, server_of(one)) if is_known else "unknown"
        if condition:
            return condition
    return ""
