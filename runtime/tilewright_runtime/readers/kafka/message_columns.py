"""Messages of a topic as columns, taken apart without the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class _Columns:
    """Values and offsets of a partition's messages."""

    values: list[bytes] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)


class MessageColumns:
    """Takes messages apart by partition, as the kernel's class of that name does."""

    def __init__(self) -> None:
        self.bytes = 0
        self.count = 0
        """How much was added in all."""
        self._by_partition: dict[int, _Columns] = {}

    def add(self, messages: Sequence[Any], begin: int) -> int:
        """Take the messages from an index on.

        Gives the index of the first error, or how many messages there are.
        """
        for index in range(begin, len(messages)):
            message = messages[index]
            if message.error() is not None:
                return index
            value = message.value() or b""
            self.bytes += len(value)
            self.count += 1
            columns = self._by_partition.setdefault(message.partition(), _Columns())
            columns.values.append(value)
            columns.offsets.append(message.offset())
        return len(messages)

    def take(self) -> list[tuple[int, bytes, bytes, bytes]]:
        """Give what was added by partition, and forget it.

        They are values, their lengths and the offsets.
        """
        taken = []
        for partition, columns in sorted(self._by_partition.items()):
            lengths = np.fromiter(map(len, columns.values), np.int64)
            offsets = np.array(columns.offsets, np.int64)
            values = b"".join(columns.values)
            taken.append((partition, values, lengths.tobytes(), offsets.tobytes()))
        self._by_partition = {}
        return taken
