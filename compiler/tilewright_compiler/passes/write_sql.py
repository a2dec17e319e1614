"""Pass: the DuckDB SQL that turns raw rows into tiles."""

from __future__ import annotations

from ..draft import Draft
from ..plan.model import Column
from ..plan.script import Script
from ..states import tile_columns
from ..tile_sql.batches import read_batch
from ..tile_sql.events import EventQueries
from ..tile_sql.partials import partials_of


def write_sql(draft: Draft) -> None:
    """Write the script of each source.

    The plan also gets what the rows of other engines become tiles by.
    """
    assert draft.tile_layout is not None  # laid out before
    queries = EventQueries(draft.keys, draft.states)
    buckets = draft.tile_layout.buckets if draft.levels else []
    columns = _columns(draft)
    for bound in draft.sources:
        script = Script(
            read=read_batch(bound, draft.keys, columns, draft.max_ahead_ms),
            tiles=queries.tiles() if draft.levels else None,
            buckets={bucket.column: queries.buckets(bucket) for bucket in buckets},
            events=queries.raw(draft.events) if draft.events is not None else None,
        )
        draft.sql[bound.name] = {"duckdb": script}
    flat = [state for state in draft.states if state.bucket is None]
    draft.tile_columns = tile_columns(draft.keys, flat) if draft.levels else []
    if draft.levels and draft.events is None:
        draft.partials = partials_of(draft.keys, draft.states)


def _columns(draft: Draft) -> list[Column]:
    """The keys and inputs, each once."""
    keys = {key.name for key in draft.keys}
    inputs = [Column(name=name, type=kind) for name, kind in draft.columns.items()]
    return [*draft.keys, *(column for column in inputs if column.name not in keys)]
