"""What the configuration settles for a plan."""

from __future__ import annotations

from typing import Final, Literal

from .checks import Natural, Positive, Real
from .part import Part

StoreType = Literal["lmdb", "memory", "redis", "redis_cluster"]

#: How the URLs of a kind of store begin.
STORE_SCHEMES: Final[dict[StoreType, tuple[str, ...]]] = {
    "lmdb": ("lmdb",),
    "memory": ("memory",),
    "redis": ("redis", "rediss"),
    "redis_cluster": ("redis+cluster", "rediss+cluster"),
}


class Late(Part):
    """What becomes of events behind the watermark."""

    policy: Literal["delta", "recompute", "approximate"]
    """Late events are merged (`delta`), or their tiles computed again, or flagged."""
    approximate: list[str]
    """The inputs whose late values are left out; some only if that is the policy."""
    allowed_lateness_ms: Natural
    """How long after its end a tile still takes events."""
    out_of_orderness_ms: Natural
    """By how much the watermark is behind the newest event."""
    max_ahead_ms: Natural
    """How far the time of an event may be ahead of the clock."""

    @property
    def too_late(self) -> str:
        """Why an event is refused that comes too late."""
        return f"later than the allowed lateness of {self.allowed_lateness_ms} ms"

    @property
    def left_out(self) -> str:
        """What became of an event whose values were left out."""
        return "late: its values were left out, and its tiles flagged as approximate"


class Flink(Part):
    """How a generated Flink job is started.

    The embedded writer has no use for it.
    """

    checkpointing_interval_ms: Positive
    """How often a generated job makes a checkpoint."""
    state_backend: str
    """Where a generated job keeps its open tiles."""
    parallelism: Positive
    """In how many slots a generated job runs."""


#: What is done about tiles that ought to be there. `fail` is an error. `degrade` answers what can
#: be answered: a feature that reads a damaged tile is null. `default` gives every feature that
#: misses tiles the value of an empty window.
OnMissing = Literal["fail", "degrade", "default"]


class Serving(Part):
    """How good an answer has to be."""

    on_missing: OnMissing | None = None
    """What is done about missing tiles; null where only a damaged tile is an error."""
    max_staleness_ms: Positive | None = None
    """How old the newest event that was written may be; null where it may be any age."""


class Store(Part):
    """What the author's configuration says of the key-value store."""

    type: StoreType | None
    """The kind of the store, of which commands expect theirs to be; null for any."""
    ttl_multiplier: Real
    """By how much longer tiles are kept than the windows need."""
    compression: Literal["none", "snappy"]
    """Of the variable fields of records."""
    batch_size: Positive
    """The most keys in one request to a remote store."""


class Monitoring(Part):
    """Service levels that alerts are made from."""

    tile_write_sla_ms: Natural
    """A tile is written within this time."""
    tile_fetch_sla_ms: Natural
    """A request is answered within this time."""
    missing_tile_threshold: Real
    """The share of tiles that may be missing."""
