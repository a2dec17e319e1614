"""The embedded writer's SQL as a file for reviewers."""

from __future__ import annotations

from tilewright.windows import format_duration

from ..plan.model import Plan
from ..plan.script import Script
from ..quoting import quoted
from ..sql.dialects import DIALECTS

_READ = (
    "Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute "
    "keys, time and inputs.\nCREATE OR REPLACE TEMP TABLE events AS"
)
_TILES = "The states of every key in every tile of one level; $tile_ms is the level's size."
_BUCKETS = "What those tiles keep for each value of {} that comes with a value of an input."
_EVENTS = "The raw events, their values as tiles keep them: whole numbers, doubles and texts."


def files(plan: Plan) -> dict[str, str]:
    """Write `duckdb/tiles.sql` for readers.

    It is a readable copy of what stands in the plan under `sql`.
    """
    parts = [
        f"-- Tiles of {plan.name}. Generated; a copy for readers of what plan.json holds.\n"
        "-- The writer registers raw rows as the relation batch: the columns of the schema and "
        "__row BIGINT, the row's number.\n"
        f"-- It runs statement 1 once for each batch, in UTC{_of_levels(plan)}.\n"
        f"-- Its session computes expressions as they stand: {DIALECTS['duckdb'].in_order}\n"
        "-- $latest_ms: the latest time of an event, by the clock.\n"
    ]
    sizes = [f"{format_duration(level.size_ms)} = {level.size_ms}" for level in plan.levels]
    if sizes:
        parts.append(f"-- $tile_ms: {', '.join(sizes)}\n")
    if plan.events is not None:
        parts.append(
            "-- The last statement gives the raw events, which are kept in chunks of "
            f"{format_duration(plan.events.size_ms)}.\n"
        )
    for name, scripts in plan.sql.items():
        parts.append(f"\n-- Source {name}\n\n{_text(scripts['duckdb'])}")
    return {"duckdb/tiles.sql": "".join(parts)}


def _of_levels(plan: Plan) -> str:
    if not plan.levels:
        return ""
    others = f"{f'2 to {2 + len(plan.tile_layout.buckets)}' if plan.events else 'the others'}"
    return f", and {others if plan.tile_layout.buckets else 'statement 2'} once for each level"


def _text(script: Script) -> str:
    """Write the statements one after the other.

    Each stands below a line that says what it does.
    """
    parts = [(_READ, script.read)]
    if script.tiles is not None:
        parts.append((_TILES, script.tiles))
    parts += [(_BUCKETS.format(quoted(column)), sql) for column, sql in script.buckets.items()]
    if script.events is not None:
        parts.append((_EVENTS, script.events))
    return "\n".join(
        f"-- {number}. {said}\n{sql};\n" for number, (said, sql) in enumerate(parts, start=1)
    )
