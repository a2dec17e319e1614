"""Pass: the DuckDB SQL that turns raw rows into tiles."""

from __future__ import annotations

from ..draft import Contents, Draft, Scripts
from ..plan.model import Column, EventLog
from ..plan.script import Script
from ..states import tile_columns
from ..tile_sql.batches import read_batch
from ..tile_sql.events import EventQueries
from ..tile_sql.partials import partials_of


def write_sql(draft: Draft, contents: Contents, events: EventLog | None) -> Scripts:
    """Write the script of each source.

    The plan also gets what the rows of other engines become tiles by.
    """
    queries = EventQueries(draft.keys, contents.states)
    buckets = contents.layout.buckets if draft.levels else []
    by_source: dict[str, dict[str, Script]] = {}
    columns = _columns(draft)
    for bound in draft.sources:
        script = Script(
            read=read_batch(bound, draft.keys, columns, draft.max_ahead_ms),
            tiles=queries.tiles() if draft.levels else None,
            buckets={bucket.column: queries.buckets(bucket) for bucket in buckets},
            events=queries.raw(events) if events is not None else None,
        )
        by_source[bound.name] = {"duckdb": script}
    if not draft.levels:
        return Scripts(by_source, [], None)
    flat = [state for state in contents.states if state.bucket is None]
    partials = partials_of(draft.keys, contents.states) if events is None else None
    return Scripts(by_source, tile_columns(draft.keys, flat), partials)


def _columns(draft: Draft) -> list[Column]:
    """The keys and inputs, each once."""
    keys = {key.name for key in draft.keys}
    inputs = [Column(name=name, type=kind) for name, kind in draft.columns.items()]
    return [*draft.keys, *(column for column in inputs if column.name not in keys)]
