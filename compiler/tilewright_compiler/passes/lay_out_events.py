"""Pass: choose which raw events are kept, and how."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from tilewright.windows import DAY_MS

from ..draft import Draft
from ..plan.model import Column, EventLog, Feature
from ..sizing.policies import by_config


def lay_out_events(draft: Draft, features: Sequence[Feature]) -> EventLog | None:
    """Lay out the log of raw events.

    It serves exact windows, or has tiles computed again. None if no raw events are kept.

    Beside tiles a chunk is as long as a tile of the finest level, since a cover may have to replace
    one tile at either end. Without tiles it is as long as the tile that the longest window would
    get.
    """
    recomputes = draft.late_policy == "recompute"
    exact = [feature for feature in features if feature.edge == "exact"]
    logged = features if recomputes else exact
    if not logged:
        return None
    windows = [feature.window_ms for feature in exact]
    lengths = [window_ms for window_ms in windows if window_ms is not None]
    lifetime, ever = None in windows, False
    if draft.levels:
        size_ms = draft.levels[-1].size_ms
    else:
        size_ms = DAY_MS if lifetime else by_config(max(lengths), draft.config).size_ms
        ever = lifetime
    multiplier = draft.config.kv_store.ttl_multiplier
    kept_ms = multiplier * (max(lengths, default=0) + size_ms + draft.config.flink.allowed_lateness)
    if recomputes:
        # A tile can be computed again for as long as it is kept.
        ttls = [level.ttl_ms for level in draft.levels]
        ever = None in ttls
        kept_ms = max(kept_ms, *(ttl_ms for ttl_ms in ttls if ttl_ms is not None), 0)
    return EventLog(
        size_ms=size_ms,
        ttl_ms=None if ever else ceil(kept_ms),
        columns=_columns(draft, logged),
    )


def _columns(draft: Draft, logged: Sequence[Feature]) -> list[Column]:
    """List the time, and the inputs and buckets of features."""
    names = dict.fromkeys(
        name for feature in logged for name in (feature.input, feature.bucket) if name is not None
    )
    columns = [Column(name=name, type=draft.columns[name]) for name in names]
    return [Column(name="__ts", type="BIGINT"), *columns]
