"""What the experiment asks for, and in which ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tilewright.windows import HOUR_MS

if TYPE_CHECKING:
    import pyarrow as pa

#: When the features are asked for: the time of the specification's worked example.
AT_MS = 1_704_379_045_000
KEYS = {"user": "user_123"}
_BATCH_EVENTS = 500_000


@dataclass(frozen=True)
class Workload:
    """One entity's rate of events, and the window asked for."""

    window_ms: int = 4 * HOUR_MS
    events_per_second: float = 500
    requests: int = 1000

    @property
    def events(self) -> int:
        """How many events lie in the window."""
        return round(self.window_ms * self.events_per_second / 1000)


@dataclass(frozen=True)
class Variant:
    """A way to answer the same question."""

    name: str
    tile_size: str | None
    """Of an author who chose one."""
    is_tiled: bool = True


#: The four ways of the experiment.
VARIANTS = (
    Variant("no tiling", None, is_tiled=False),
    Variant("5m tiles", "5m"),
    Variant("1m tiles", "1m"),
    Variant("compiler's choice", None),
)


def make_events(workload: Workload, lead_ms: int) -> Iterator[pa.Table]:
    """Give events at equal distances until the query time.

    They are the same ones each time.
    """
    import numpy as np
    import pyarrow as pa

    amounts = np.random.default_rng(7)
    step_ms = 1000 / workload.events_per_second
    total = workload.events + round(lead_ms / step_ms)
    for first in range(0, total, _BATCH_EVENTS):
        before = np.arange(total - first, max(total - first - _BATCH_EVENTS, 0), -1)
        users = pa.DictionaryArray.from_arrays(
            np.zeros(len(before), dtype=np.int32), [KEYS["user"]]
        )
        times_ms = AT_MS - np.ceil(before * step_ms).astype(np.int64)
        yield pa.table(
            {
                "user": users.cast(pa.string()),
                "amount": np.round(amounts.gamma(2.0, 20.0, len(before)), 2),
                "ts": times_ms,
            }
        )
