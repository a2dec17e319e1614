"""What arrives of a topic, until its readers get it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...states.kernel import kernel
from ..texts import Texts
from .message_columns import MessageColumns
from .partition import Partition

#: What is taken at a time, of all partitions together.
MOST_BYTES = 1 << 25
_MOST_MESSAGES = 500_000
#: Those that Python sees at a time. Its collector looks for cycles once 700 objects are new, and
#: through all messages that are held: of more at a time, that takes twice as long as to take them.
AT_ONCE = 500
#: And the bytes of those, by the size that messages had so far.
_BYTES_AT_ONCE = 1 << 20


class _Failure(NamedTuple):
    """An error that came in the place of a message."""

    partition: int
    offset: int
    name: str
    text: str


#: A partition with its values, their lengths and their offsets.
_Columns = tuple[int, bytes, bytes, bytes]


class Arrivals:
    """Messages and errors of all partitions, as they come.

    They are held as columns until they are shared.
    """

    def __init__(self) -> None:
        native = kernel()
        self._columns: Any = MessageColumns() if native is None else native.MessageColumns()
        self._parts: list[_Columns | _Failure] = []

    @property
    def is_full(self) -> bool:
        """Whether no more are to be taken, lest memory grow."""
        columns = self._columns
        return bool(columns.bytes >= MOST_BYTES or columns.count >= _MOST_MESSAGES)

    @property
    def at_once(self) -> int:
        """How many messages to take next.

        Few if they are large, and first of all one.
        """
        columns = self._columns
        if not columns.count:
            return 1
        return int(min(AT_ONCE, 1 + _BYTES_AT_ONCE * columns.count // max(columns.bytes, 1)))

    def add(self, messages: Sequence[Any]) -> bool:
        """Take messages, and tell whether there are any.

        Errors come as messages too.
        """
        errors = 0
        at = self._columns.add(messages, 0)
        while at < len(messages):
            failed = messages[at]
            error = failed.error()
            self._parts += self._columns.take()
            self._parts.append(
                _Failure(failed.partition(), failed.offset(), error.name(), error.str())
            )
            errors += 1
            at = self._columns.add(messages, at + 1)
        return len(messages) > errors

    def share(self, partitions: Mapping[int, Partition]) -> None:
        """Give readers their messages, and note errors."""
        for part in [*self._parts, *self._columns.take()]:
            partition = partitions.get(part[0])
            if partition is None:
                continue
            if isinstance(part, _Failure):
                partition.add_error(part.name, part.text, part.offset)
                continue
            _, values, lengths, offsets = part
            texts = Texts.adjoining(values, np.frombuffer(lengths, np.int64))
            partition.add(texts, np.frombuffer(offsets, np.int64))
        self._parts.clear()
