"""Rejects: a batch's refused rows as lines of JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..errors import InputError
from ..readers import Batch, Input, Malformed

if TYPE_CHECKING:
    from .aggregation import Refused


class Rejects:
    """Appends refused rows to an open text file, if any."""

    def __init__(self, file: IO[str] | None) -> None:
        self._file = file

    def rows_of(self, batch: Batch, refused: Sequence[Refused]) -> list[Malformed]:
        """List a batch's refused rows, with any kept text."""
        if not refused:
            return batch.malformed
        rows = batch.table["__row"].to_numpy()
        indices = np.searchsorted(rows, [row.row for row in refused])
        texts: list[dict[str, object]] = [{}] * len(refused)
        if self._file is not None:
            texts = batch.table.drop_columns(["__row"]).take(pa.array(indices)).to_pylist()
        return batch.malformed + [
            Malformed(row.row, row.reason, json.dumps(text, default=str, ensure_ascii=False))
            for row, text in zip(refused, texts, strict=True)
        ]

    def keep(self, item: Input, refused: Sequence[Malformed]) -> None:
        """Writes the rows to disk.

        This comes before the commit: after a kill between the two, a row is listed twice rather
        than not at all. Raises InputError if the file cannot be written.
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
            os.fsync(self._file.fileno())
        except OSError as wrong:
            raise InputError(
                f"the refused rows cannot be kept in {self._file.name}: {wrong.strerror}. Make "
                "room on the disk, or name another file (--rejects), and write again."
            ) from wrong
