"""When a store's history ends and its stream begins.

History takes the events before the cut-over, and a stream those at or after it. So a topic may
begin before the history ends, and nothing counts twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from tilewright_compiler.plan.model import Plan

from ..errors import StoreError
from ..times import iso
from .base import Store
from .documents import reading_document
from .progress import Progress


def cutover_ms(plan: Plan, get: Callable[[str], bytes | None]) -> int | None:
    """Read a store's cut-over; None if it has none."""
    name = cutover_name(plan)
    document = get(name)
    with reading_document(name):
        return int(json.loads(document)["at_ms"]) if document else None


def cut_over(plan: Plan, store: Store, at_ms: int) -> None:
    """Keep the cut-over of a store.

    Raises StoreError if it has another one, or events at or after it: then some events would be
    lost, or count twice.
    """
    content = json.dumps({"at_ms": at_ms}).encode()
    present_ms = cutover_ms(plan, store.get)
    if present_ms is None:
        _require_nothing_since(plan, store, at_ms)
        present_ms = int(json.loads(store.put_first(cutover_name(plan), content))["at_ms"])
    if present_ms != at_ms:
        raise StoreError(
            f"store {store.url}: the history of {plan.name} ends and its stream begins at "
            f"{iso(present_ms)}, and not at {iso(at_ms)}. Leave --until out, or write into a new "
            "store."
        )


def outside(cutover: int | None, is_stream: bool) -> str:
    """Make the SQL condition of events on the other side.

    It is empty if there is none.
    """
    if cutover is None:
        return ""
    return f'"__ts" < {cutover:d}' if is_stream else f'"__ts" >= {cutover:d}'


def cutover_name(plan: Plan) -> str:
    """Name the document of a plan's cut-over."""
    return f"cutover/{plan.name}"


def _require_nothing_since(plan: Plan, store: Store, at_ms: int) -> None:
    newest_ms = Progress.load(plan, store.get).newest_ms
    if newest_ms is not None and newest_ms >= at_ms:
        raise StoreError(
            f"store {store.url} has events of {plan.name} up to {iso(newest_ms)} already, and a "
            f"stream from {iso(at_ms)} on would count some again. Give a later --until, or write "
            "into a new store."
        )
