"""Summaries of frequent values, for tests of what makes and reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from support.finalizing import state_of


def summary_of(items: Mapping[str, int] | Sequence[tuple[str, int]], lg_max_k: int = 10) -> bytes:
    """The bytes of a tile with so many of each value."""
    column = pa.array([list(dict(items).items())], pa.map_(pa.string(), pa.int64()))
    state = state_of("frequent", "VARCHAR", {"lg_max_k": lg_max_k})
    (part,) = state.from_column(column)
    assert part is not None
    return part
