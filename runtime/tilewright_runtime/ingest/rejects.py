"""Rejects: a batch's refused rows as lines of JSON."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tilewright_compiler.humanize import counted
from tilewright_compiler.plan.model import Plan

from ..errors import TooManyRejectsError, UnkeptRowsError
from ..readers import Batch, Input, Malformed
from ..readers.conform import shown_value

if TYPE_CHECKING:
    from .cursor import Cursor
    from .loaded_batch import Refused
    from .report import WriteReport

#: Why what is no file cannot be waited for.
_NO_DISK = {None, errno.EINVAL, errno.ENOTSUP}
#: Texts that programs write where there is no value.
_MARKERS = {
    "NA",
    "N/A",
    "n/a",
    "#N/A",
    "NULL",
    "null",
    "None",
    "none",
    "nil",
    "-",
    "--",
    "?",
    "\\N",
}


class Rejects:
    """Appends refused rows to an open text file, if any."""

    def __init__(self, file: IO[str] | None, option: str) -> None:
        """`option` is the one that names another file."""
        self._file = file
        self._option = option

    def rows_of(self, batch: Batch, refused: Sequence[Refused]) -> list[Malformed]:
        """List a batch's refused rows, with any kept text."""
        if not refused:
            return batch.malformed
        table = batch.shown(np.array([row.row for row in refused], np.int64))
        texts = _contents(table) if self._file is not None else [{}] * len(refused)
        return batch.malformed + [
            Malformed(
                row.row,
                row.reason + _hint(table, index, row.reason),
                json.dumps(text, default=str, ensure_ascii=False),
            )
            for index, (row, text) in enumerate(zip(refused, texts, strict=True))
        ]

    def keep(self, item: Input, refused: Sequence[Malformed]) -> None:
        """Write the rows to disk.

        This comes before the commit: after a kill between the two, a row is listed twice rather
        than not at all. Raises UnkeptRowsError if the file cannot be written.
        """
        if self._file is None or not refused:
            return
        try:
            for row in refused:
                line = {
                    "input": item.name,
                    "row": row.row,
                    "reason": row.reason,
                    "content": row.text,
                }
                self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
            _sync(self._file)
        except (OSError, ValueError, TypeError, AttributeError) as wrong:  # any caller's object
            name = getattr(self._file, "name", "what was given for them")
            raise UnkeptRowsError(
                f"the refused rows cannot be kept in {name}: {_reason(wrong)}. Make room on the "
                f"disk, or name another file of text ({self._option}), and write again."
            ) from wrong


def _sync(file: IO[str]) -> None:
    """Wait until a file is on its disk; pipes and texts in memory have none."""
    try:
        os.fsync(file.fileno())
    except OSError as wrong:  # also of a stream without a number
        if wrong.errno not in _NO_DISK:
            raise


def _reason(wrong: Exception) -> str:
    reason = wrong.strerror if isinstance(wrong, OSError) else None
    return reason or str(wrong).rstrip(".")


def require_few(
    most: int | None, refused: int, plan: Plan, cursor: Cursor, report: WriteReport
) -> None:
    """Check that a batch refuses no row too many.

    Raises TooManyRejectsError if it does.
    """
    total = report.refused.total() + refused
    if most is None or total <= most:
        return
    raise TooManyRejectsError(
        f"{plan.name}: {counted(total, 'row')} cannot be used, and at most "
        f"{most:,} may be. What was committed before stays: "
        f"{counted(report.events, 'event')} of this write, and {cursor.item.name} up to row "
        f"{cursor.position.rows:,}. Mend the rows after it, or allow more, and write again: it "
        "goes on there."
    )


def _contents(table: pa.Table) -> list[dict[str, object]]:
    """Convert the rows to dictionaries.

    What Python does not have is the nearest to it.
    """
    try:
        rows: list[dict[str, object]] = table.to_pylist()
        return rows
    except (ValueError, OverflowError):
        columns = {name: table[name].combine_chunks() for name in table.column_names}
        shown_rows: list[dict[str, object]] = [{} for _ in range(len(table))]
        for name, column in columns.items():
            for index, row in enumerate(shown_rows):
                row[name] = shown_value(column.slice(index, 1))
        return shown_rows


def _hint(table: pa.Table, index: int, reason: str) -> str:
    """Advise on a text that does not fit.

    There is advice if it is one of the texts that often stand for no value.
    """
    name, is_misfit, _ = reason.partition(" is not a")
    if not is_misfit or " is not an array" in reason or name not in table.column_names:
        return ""
    column = table[name]
    if not pa.types.is_string(column.type) or (text := column[index].as_py()) not in _MARKERS:
        return ""
    return f". If {text!r} stands for no value, say null_values=[{text!r}] in its source"
