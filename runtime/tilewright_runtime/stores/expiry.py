"""Which tiles a store that expires may have let go."""

from __future__ import annotations

from collections.abc import Sequence

from tilewright_compiler.plan.model import Plan

from ..errors import FetchError
from ..tiles.keys import EVENTS, TILES, Kind, Range, level_name
from ..times import iso
from .base import Store


def ttls_ms(plan: Plan) -> dict[tuple[Kind, int], int | None]:
    """How long the records of each kind and size are kept; None for ever."""
    ttls: dict[tuple[Kind, int], int | None] = {
        (TILES, level.size_ms): level.ttl_ms for level in plan.levels
    }
    if plan.events is not None:
        ttls[EVENTS, plan.events.size_ms] = plan.events.ttl_ms
    return ttls


class Expiry:
    """Which tiles an expiring store may have let go: those that were put longer ago than their time
    to live.

    A tile is put at its start or later where events are written as they happen, and in a history
    that is loaded no earlier than the store's first put. So it is there until its level's time to
    live has passed since the later of the two.
    """

    def __init__(self, plan: Plan, store: Store) -> None:
        self._store = store
        self._since_ms = int(store.get(f"since/{plan.name}") or 0)
        self._ttl_ms = ttls_ms(plan)

    def require_kept(self, ranges: Sequence[Range], now_ms: int) -> None:
        """Raises FetchError if a tile of a range may be gone: what is missing would be taken for no
        events.
        """
        for size_ms, start_ms, _, kind, _ in ranges:
            ttl_ms = self._ttl_ms[kind, size_ms]
            if ttl_ms is not None and max(start_ms, self._since_ms) + ttl_ms < now_ms:
                until = iso(max(start_ms, self._since_ms) + ttl_ms)
                raise FetchError(
                    f"store {self._store.url} keeps tiles for a time only: those of "
                    f"{level_name(kind, size_ms)} from {iso(start_ms)} on, "
                    f"which this answer needs, may be gone since {until}. Ask for a later time, "
                    "or ask the store that keeps all (the "
                    "folder of tilewright write --state, as lmdb:DIR)."
                )
