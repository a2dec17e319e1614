"""Judges the lateness of a batch of events in DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Plan
from tilewright_compiler.quoting import quoted

from ..times import EARLIEST_MS
from .batch_events import BatchEvents
from .late import Lateness


class JudgedBatch(NamedTuple):
    """What is known of the times of a batch."""

    newest_ms: int | None
    """The newest time, which moves a watermark."""
    late_rows: NDArray[np.int64] | None = None


NOTHING_LATE = JudgedBatch(None)


class Judge:
    """Refuses too-late events, and sets late ones aside.

    The batch is the table `events` of the session.
    """

    def __init__(self, plan: Plan, session: duckdb.DuckDBPyConnection, events: BatchEvents) -> None:
        self._late = plan.late
        self._session = session
        self._events = events

    def judge(self, lateness: Lateness, latest_ms: int) -> JudgedBatch:
        """Refuse events that come too late.

        Returns the newest time, and the rows of late ones. Events that cannot be used for another
        reason than their time move a watermark too.
        """
        oldest_ms, newest_ms = self._events.facts.oldest_ms, self._events.facts.newest_ms
        if oldest_ms is None or newest_ms is None:
            return NOTHING_LATE
        if not lateness.may_be_late(oldest_ms, newest_ms):
            return JudgedBatch(newest_ms)
        self._events.keep()
        found = self._events.query(
            'SELECT "__row", "__ts" FROM events '
            f'WHERE "__ts" BETWEEN {EARLIEST_MS} AND {latest_ms} ORDER BY "__row"'
        ).fetchnumpy()
        rows, times_ms = found["__row"], found["__ts"]
        judged = lateness.judge(times_ms)
        if judged.too_late.any():
            with self._rows_named("late_rows", rows[judged.too_late]):
                self._events.change(
                    'UPDATE events SET "__reason" = $reason FROM late_rows '
                    'WHERE "__row" = late_rows.row AND "__reason" IS NULL',
                    {"reason": self._late.too_late},
                )
        return JudgedBatch(newest_ms, rows[judged.late])

    def set_aside(self, rows: NDArray[np.int64] | None) -> list[int]:
        """Move late events aside, and list their rows.

        They go to `late_events`, without the values that are left out.
        """
        if rows is None or not len(rows) or self._late.policy == "delta":
            return []
        nulls = []
        for name in self._late.approximate:
            nulls.append(f"CASE WHEN false THEN {quoted(name)} END AS {quoted(name)}")
        left_out = f" REPLACE ({', '.join(nulls)})" if nulls else ""
        is_late = 'WHERE "__row" = late_rows.row AND "__reason" IS NULL'
        with self._rows_named("late_rows", rows):
            self._session.execute(
                f"CREATE OR REPLACE TEMP TABLE late_events AS SELECT * EXCLUDE (row){left_out} "
                f"FROM events, late_rows {is_late}"
            )
            self._events.change(f"DELETE FROM events USING late_rows {is_late}")
        query = 'SELECT "__row" FROM late_events ORDER BY "__row"'
        return [row for (row,) in self._session.execute(query).fetchall()]

    @contextmanager
    def _rows_named(self, name: str, rows: NDArray[np.int64]) -> Iterator[None]:
        """Give some numbers of rows to the session."""
        self._session.register(name, pa.table({"row": rows}))
        yield
        self._session.unregister(name)
