"""The SQL that the embedded writer runs, as a file for reviewers."""

from __future__ import annotations

from tilewright.windows import format_duration

from ..plan.model import Plan


def _of_levels(plan: Plan) -> str:
    if not plan.levels:
        return ""
    others = f"{f'2 to {2 + len(plan.tile_layout.buckets)}' if plan.events else 'the others'}"
    return f", and {others if plan.tile_layout.buckets else 'statement 2'} once for each level"


def files(plan: Plan) -> dict[str, str]:
    """`duckdb/tiles.sql`: a readable copy of what stands in the plan under `sql`."""
    levels = ", ".join(
        f"{format_duration(level.size_ms)} = {level.size_ms}" for level in plan.levels
    )
    parts = [
        f"-- Tiles of {plan.name}. Generated; a copy for readers of what plan.json holds.\n"
        "-- The writer registers raw rows as the relation batch: the columns of the schema and "
        "__row BIGINT, the row's number.\n"
        f"-- It runs statement 1 once for each batch, in UTC{_of_levels(plan)}.\n"
    ]
    if levels:
        parts.append(f"-- $tile_ms: {levels}\n")
    if plan.events is not None:
        parts.append(
            "-- The last statement gives the raw events, which are kept in chunks of "
            f"{format_duration(plan.events.size_ms)}.\n"
        )
    parts += [f"\n-- Source {name}\n\n{scripts['duckdb']}" for name, scripts in plan.sql.items()]
    return {"duckdb/tiles.sql": "".join(parts)}
