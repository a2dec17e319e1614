"""Scans of a Redis, with what it says against them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from ..base import Scanned, ScanRequest
from ..filling import Filled, condition_of
from .commands import CALL_KEYS, Command, Commands, Exchange, values_of
from .functions import SEEN
from .scan import begin_scan
from .servers import Servers, server_of


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
) -> Exchange[Scanned]:
    """Read records and documents, and why some may lack."""
    scan = yield from begin_scan(commands, table, requests)
    tags = servers.tags(keys[0] for keys in scan.keys if keys)
    checks: list[Command] = [("GET", document_key(name)) for name in (f"plan/{table}", *names)]
    now_ms = str(time.time_ns() // 1_000_000)
    checks += [("FCALL_RO", SEEN, "1", key, now_ms) for key in filled_keys(table, tags)]
    checked, values = yield from values_of(scan.keys, commands.is_cluster, checks, batch_keys)
    plan, *documents = checked[: 1 + len(names)]
    condition = "" if plan is None else _condition(checked[1 + len(names) :])
    if plan is not None and not condition:
        scan.require_firsts(commands.url, values)
    return Scanned(scan.records(values), plan, condition, documents)


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
