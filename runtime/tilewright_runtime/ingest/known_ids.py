"""The ids of counted events, beside a batch in DuckDB."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import numpy as np
import pyarrow as pa

from ..stores import Transaction
from .batch_events import BatchEvents
from .event_ids import NO_IDS, EventIds, Ids

_SAME = '"__id_high" = {0}.high AND "__id_low" = {0}.low AND "__reason" IS NULL'


class KnownIds:
    """The ids of one source's events.

    Rows of a batch whose ids are known are taken out of it; those that remain become known once
    they are committed.
    """

    def __init__(
        self, session: duckdb.DuckDBPyConnection, events: BatchEvents, ids: EventIds
    ) -> None:
        self._session = session
        self._events = events
        self._ids = ids
        self._new = NO_IDS
        self._table = f"ids_{id(self)}"
        session.register("loaded_ids", _table(ids.load()))
        session.execute(f"CREATE TEMP TABLE {self._table} AS SELECT * FROM loaded_ids")
        session.unregister("loaded_ids")

    def drop_known(self) -> int:
        """Drop events that were counted before; tell how many."""
        return self._events.change(
            f"DELETE FROM events USING {self._table} AS known WHERE {_SAME.format('known')}"
        )

    def drop_repeated(self) -> int:
        """Drop all but the first event of an id.

        Tells how many those were.
        """
        repeated = self._events.change(
            'DELETE FROM events USING (SELECT "__id_high" AS high, "__id_low" AS low, '
            'min("__row") AS first FROM events WHERE "__reason" IS NULL GROUP BY ALL '
            "HAVING count(*) > 1) AS repeated "
            f'WHERE {_SAME.format("repeated")} AND "__row" > repeated.first'
        )
        self._new = self._of_batch()
        return repeated

    def keep(self, transaction: Transaction, newest_ms: int) -> Callable[[], None]:
        """Keep the batch's ids, in the transaction of its events.

        Returns what is to be called once that is committed.
        """
        new = self._new
        committed = self._ids.add(transaction, new, newest_ms)

        def known() -> None:
            committed()
            self._session.register("new_ids", _table(new))
            self._session.execute(f"INSERT INTO {self._table} SELECT * FROM new_ids")
            self._session.unregister("new_ids")
            oldest_ms = newest_ms - self._ids.horizon_ms
            self._session.execute(f"DELETE FROM {self._table} WHERE time_ms < {oldest_ms}")

        return known

    def _of_batch(self) -> Ids:
        ids = self._events.query(
            'SELECT "__id_high" AS high, "__id_low" AS low, "__ts" AS time_ms FROM events '
            'WHERE "__reason" IS NULL AND "__id_high" IS NOT NULL'
        ).fetchnumpy()
        columns = [np.asarray(ids[name]).astype(np.uint64) for name in ("high", "low", "time_ms")]
        return np.column_stack(columns)


def _table(ids: Ids) -> pa.Table:
    columns = [ids[:, 0].copy(), ids[:, 1].copy(), ids[:, 2].astype(np.int64)]
    return pa.table(dict(zip(("high", "low", "time_ms"), columns, strict=True)))
