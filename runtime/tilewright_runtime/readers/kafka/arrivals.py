"""Messages on their way from the client to their partitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..texts import Texts
from .partition import Partition


class Arrivals:
    """Messages of all partitions, as they come.

    They are held as columns until they are shared.
    """

    def __init__(self, partitions: Mapping[int, Partition]) -> None:
        self._partitions = partitions
        self._parts: list[_Part] = []

    def add(self, messages: Sequence[Any]) -> bool:
        """Take messages, and tell whether there are any.

        Errors come as messages too. What was before one is shared before it is noted.
        """
        from confluent_kafka import Message

        if not any(map(Message.error, messages)):
            self._append(messages)
            return True
        is_message = False
        for message in messages:
            if (error := message.error()) is None:
                self._append([message])
                is_message = True
                continue
            self.share()
            if partition := self._partitions.get(message.partition()):
                partition.add_error(error.name(), error.str(), message.offset())
        return is_message

    def _append(self, messages: Sequence[Any]) -> None:
        self._parts.append(_Part.of(messages))

    def share(self) -> None:
        """Give the messages to the readers of their partitions."""
        if not self._parts:
            return
        numbers, offsets, lengths, data = zip(*self._parts, strict=True)
        self._parts.clear()
        texts = Texts.adjoining(b"".join(data), np.concatenate(lengths))
        of_partition, offset = np.concatenate(numbers), np.concatenate(offsets)
        for number in np.unique(of_partition).tolist():
            if partition := self._partitions.get(number):
                is_here = of_partition == number
                partition.add(texts.at(is_here), offset[is_here])


class _Part(NamedTuple):
    """Columns of a few messages."""

    numbers: NDArray[np.int64]
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    data: bytes

    @classmethod
    def of(cls, messages: Sequence[Any]) -> _Part:
        """Take messages apart while they are in the processor's cache."""
        from confluent_kafka import Message

        count = len(messages)
        values = [value or b"" for value in map(Message.value, messages)]
        return cls(
            np.fromiter(map(Message.partition, messages), np.int64, count),
            np.fromiter(map(Message.offset, messages), np.int64, count),
            np.fromiter(map(len, values), np.int64, count),
            b"".join(values),
        )
