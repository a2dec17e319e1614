"""A batch of raw rows, and the position after it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Position:
    """How far an input has been read.

    It counts bytes of text, or rows of columns.
    """

    uri: str
    offset: int = 0
    rows: int = 0
    digest: str = ""
    """The digest of all up to the offset."""
    beginning: str = ""
    """The digest of the first rows, by which a file is known again under another name."""
    tail: int = 0
    """Bytes of the last line, if no newline ended it; they are before the offset."""
    tail_is_row: bool = False
    """Whether that line was read as a row; if not, it is read again once it has grown."""

    def to_bytes(self) -> bytes:
        """Write the document that a store keeps."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, document: bytes) -> Position:
        """Undo `to_bytes`.

        Raises TypeError, and ValueError, if the bytes are damaged.
        """
        position = cls(**json.loads(document))
        texts = (position.uri, position.digest, position.beginning)
        numbers = (position.offset, position.rows, position.tail)
        is_sound = all(isinstance(text, str) for text in texts) and all(
            type(number) is int and number >= 0 for number in numbers
        )
        if not is_sound:
            raise TypeError("a part is of another type")
        return position


class Malformed(NamedTuple):
    """A row that could not be read as a row.

    It has its number, from 1, the reason, and its text.
    """

    row: int
    reason: str
    text: str


#: Gives rows of a batch, by their ascending numbers, without those numbers.
RowsAt = Callable[[NDArray[np.int64]], pa.Table]


@dataclass(frozen=True)
class Batch:
    """Raw rows of an input.

    `table` has `__row` (int64, from 1) and the columns of the source, as the input has them.
    """

    table: pa.Table
    position: Position
    malformed: list[Malformed] = field(default_factory=list)
    progress: float = 0.0
    """The part of the input that has been read, from 0 to 1; 0 where its size is unknown."""
    is_idle: bool = False
    """Whether there is nothing more for now, in an input that may grow."""
    waiting_bytes: int = 0
    """Bytes of a last line that waits for its newline."""
    as_written: RowsAt | None = None
    """How rows are shown where they are refused, if not as the table has them."""

    def shown(self, rows: NDArray[np.int64]) -> pa.Table:
        """Give rows, by their numbers, as they are shown."""
        if self.as_written is not None:
            return self.as_written(rows)
        indices = np.searchsorted(self.table["__row"].to_numpy(), rows)
        return self.table.drop_columns(["__row"]).take(pa.array(indices))
