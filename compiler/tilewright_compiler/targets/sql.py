"""The tile aggregation as SQL of a warehouse.

It is for those who load tiles from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tilewright.suggestions import nearest
from tilewright.windows import format_duration

from ..frontend.names import is_dotted
from ..plan.model import Plan, Source
from ..sql.dialects import DIALECTS, SqlDialect
from ..sql.select import indented
from ..tile_sql.queries import TileQueries

_HEAD = """\
-- {what}, of {plan} in {dialect}. Generated: change the declaration, not this file.
-- The session's time zone must be UTC.{order}{relations}
"""
_IN_ORDER = "\n-- Before it, so that every part of an expression overflows by itself: {};"


@dataclass(frozen=True)
class Sql:
    """The target for one dialect."""

    dialect: SqlDialect

    def unsupported(self, plan: Plan) -> list[str]:
        """Expressions that have no certain translation."""
        return TileQueries(plan, self.dialect).unsupported()

    def files(self, plan: Plan) -> dict[str, str]:
        """Write the SQL of each level, and of refused rows.

        The files are `sql/tiles_{size}.sql`, and `sql/refused.sql`, which counts what cannot be
        used.
        """
        queries = TileQueries(plan, self.dialect)
        bodies = {
            f"tiles_{format_duration(level.size_ms)}": queries.tiles("events", level.size_ms)
            for level in plan.levels
        }
        bodies["refused"] = queries.refused("events")
        # The events are the longest part and the same in every file, so they are written once.
        events = self._events(plan, queries)
        return {
            f"sql/{name}.sql": f"{self._head(plan, name)}{events}{_text(body.lines())};\n"
            for name, body in bodies.items()
        }

    def _events(self, plan: Plan, queries: TileQueries) -> str:
        """The head of a query that names another one."""
        first, *others = [
            queries.events(source, self._relation(source)).lines() for source in plan.sources
        ]
        lines = [*first, *(line for query in others for line in ("UNION ALL", *query))]
        return _text(["WITH events AS (", *indented(lines), ")", ""])

    def _head(self, plan: Plan, name: str) -> str:
        name_of = self.dialect.identifier
        files = [source for source in plan.sources if not _is_table(source)]
        relations = "".join(
            f"\n-- {name_of(source.name)}: a table or view of the events of {source.name}."
            for source in files
        )
        what = (
            "Events that cannot be used, by reason"
            if name == "refused"
            else f"Tiles of {name.removeprefix('tiles_')}"
        )
        order = _IN_ORDER.format(self.dialect.in_order) if self.dialect.in_order else ""
        return _HEAD.format(
            what=what,
            plan=plan.name,
            dialect=self.dialect.name,
            order=order,
            relations=relations,
        )

    def _relation(self, source: Source) -> str:
        parts = source.table.split(".") if source.table and _is_table(source) else [source.name]
        return ".".join(self.dialect.identifier(part) for part in parts)


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _is_table(source: Source) -> bool:
    """Tell whether a source's table is in a warehouse.

    Its name tells it from a file.
    """
    return (
        source.table is not None
        and is_dotted(source.table)
        and "/" not in source.table
        and not source.table.endswith(_FILES)
    )


_FILES = (".parquet", ".csv", ".json", ".jsonl", ".ndjson")


def in_dialect(name: str | None) -> Sql:
    """The target for a dialect by its name in sqlglot.

    Raises:
        ValueError: that names the nearest dialect, or all of them where none is given.
    """
    if name is None:
        raise ValueError(f"--target sql needs --dialect: one of {', '.join(DIALECTS)}.")
    if name not in DIALECTS:
        raise ValueError(
            f"--dialect {name!r}: tiles cannot be written for it. {nearest(name, DIALECTS)}"
        )
    return Sql(DIALECTS[name])
