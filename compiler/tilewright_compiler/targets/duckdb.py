"""The SQL that the embedded writer runs, as a file for reviewers."""

from __future__ import annotations

from tilewright.windows import format_duration

from ..plan import Plan


def files(plan: Plan) -> dict[str, str]:
    """`duckdb/tiles.sql`: a readable copy of what stands in the plan under `sql`."""
    levels = ", ".join(f"{format_duration(level.size_ms)} = {level.size_ms}" for level in plan.levels)
    parts = [
        f"-- Tiles of {plan.name}. Generated; a copy for readers of what plan.json holds.\n"
        "-- The writer registers raw rows as the relation batch: the columns of the schema and __row BIGINT, the row's number.\n"
        f"-- It runs statement 1 once for each batch, in UTC, and {'the others' if plan.tile_layout.buckets else 'statement 2'}"
        " once for each level.\n"
        f"-- $tile_ms: {levels}\n"
    ]
    parts += [f"\n-- Source {name}\n\n{scripts['duckdb']}" for name, scripts in plan.sql.items()]
    return {"duckdb/tiles.sql": "".join(parts)}
