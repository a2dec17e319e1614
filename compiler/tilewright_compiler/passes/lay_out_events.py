"""Pass: choose which raw events are kept, and how."""

from __future__ import annotations

from math import ceil

from tilewright.windows import DAY_MS

from ..draft import Draft
from ..plan.model import Column, EventLog
from ..sizing.policies import by_config


def lay_out_events(draft: Draft) -> None:
    """Give the draft an event log for exact windows.

    Beside tiles a chunk is as long as a tile of the finest level, since a cover may have to replace
    one tile at either end. Without tiles it is as long as the tile that the longest window would
    get.
    """
    exact = [feature for feature in draft.plan_features if feature.edge == "exact"]
    if not exact:
        return
    windows = [feature.window_ms for feature in exact]
    lengths = [window_ms for window_ms in windows if window_ms is not None]
    lifetime, ever = None in windows, False
    if draft.levels:
        size_ms = draft.levels[-1].size_ms
    else:
        size_ms = DAY_MS if lifetime else by_config(max(lengths), draft.config).size_ms
        ever = lifetime
    kept_ms = draft.config.kv_store.ttl_multiplier * (
        max(lengths, default=0) + size_ms + draft.config.flink.allowed_lateness
    )
    names = dict.fromkeys(
        name for feature in exact for name in (feature.input, feature.bucket) if name is not None
    )
    columns = [
        Column(name="__ts", type="BIGINT"),
        *(Column(name=name, type=draft.columns[name]) for name in names),
    ]
    draft.events = EventLog(
        size_ms=size_ms, ttl_ms=None if ever else ceil(kept_ms), columns=columns
    )
