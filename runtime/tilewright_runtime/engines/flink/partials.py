"""Turns a stream engine's partial tiles into rows of tiles.

The plan's SQL does so.
"""

from __future__ import annotations

import pyarrow as pa

from tilewright_compiler.plan.model import Plan
from tilewright_compiler.plan.script import PartialColumn

from ...errors import PlanError
from ...plans.session import open_session, require_select

_ARROW = {"BIGINT": pa.int64(), "DOUBLE": pa.float64(), "VARCHAR": pa.string()}


class PartialTiles:
    """Makes rows of tiles from a plan's partial tiles.

    The rows have the columns that `TileRows` takes.
    """

    def __init__(self, plan: Plan) -> None:
        if plan.partials is None:
            raise PlanError(
                f"plan {plan.name}: no stream engine can make its tiles, since it keeps raw "
                "events, lists or buckets. Write its events with tilewright write."
            )
        self.schema = pa.schema([_field(column) for column in plan.partials.columns])
        self._finish_sql = plan.partials.finish_sql
        self._connection = open_session()
        what = f"plan {plan.name}: partials, finish_sql"
        names = [column.name for column in plan.partials.columns]
        require_select(self._connection, self._finish_sql, {"partials"}, what, names)

    def finish(self, partials: pa.Table) -> pa.Table:
        """Make one row of each partial tile, in any order."""
        numbers = pa.array(range(len(partials)), pa.int64())
        self._connection.register("partials", partials.append_column("__row", numbers))
        try:
            return self._connection.sql(self._finish_sql).to_arrow_table()
        finally:
            self._connection.unregister("partials")


def _field(column: PartialColumn) -> pa.Field:
    values = _ARROW[column.type]
    return pa.field(column.name, pa.list_(values) if column.is_list else values)
