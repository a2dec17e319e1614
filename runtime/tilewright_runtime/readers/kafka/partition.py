"""A topic's partition, and what was taken of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ..batch import Position
from ..inputs import Input
from ..texts import Texts
from .values import are_framed

#: What librdkafka says when it only tries again.
_AWAY = {"_ALL_BROKERS_DOWN", "_TRANSPORT", "_RESOLVE", "_SSL", "_AUTHENTICATION"}


@dataclass(eq=False)
class Queue:
    """Messages for one reader, from an offset on."""

    expected: int
    parts: deque[tuple[Texts, NDArray[np.int64]]] = field(default_factory=deque)
    """Values with their offsets, those of a part of one form."""

    def add(self, values: Texts, offsets: NDArray[np.int64]) -> None:
        """Take messages, unless they were taken before."""
        before = np.maximum.accumulate(np.append(self.expected - 1, offsets))
        is_new = offsets > before[:-1]
        values, offsets = values.at(is_new), offsets[is_new]
        self.expected = int(before[-1]) + 1
        if len(values):
            forms = are_framed(values)
            bounds = [0, *(np.flatnonzero(forms[1:] != forms[:-1]) + 1).tolist(), len(values)]
            for part in map(slice, bounds[:-1], bounds[1:]):
                self.parts.append((values.at(part), offsets[part]))

    def take(self) -> tuple[Texts, NDArray[np.int64]]:
        """Give the next messages, all of one form."""
        return self.parts.popleft()


@dataclass(eq=False)
class Partition:
    """A partition, and what was taken but not read."""

    item: Input
    number: int
    end: int | None
    """Where to stop; None to go on."""
    queues: list[Queue] = field(default_factory=list)
    error: str = ""
    """Why its messages are passed over, until a reader begins anew."""

    @property
    def first(self) -> int:
        """Find the offset that some reader waits for first."""
        return min(queue.expected for queue in self.queues)

    @property
    def is_waiting(self) -> bool:
        """Whether a reader has messages left."""
        return any(queue.parts for queue in self.queues)

    def add(self, values: Texts, offsets: NDArray[np.int64]) -> None:
        """Give messages to the readers.

        None follow an error: readers that begin anew get them again.
        """
        if not self.error:
            for queue in self.queues:
                queue.add(values, offsets)

    def add_error(self, name: str, text: str, offset: int) -> None:
        """Note what came in place of a message."""
        if self.error:
            return
        if name == "_PARTITION_EOF":
            for queue in self.queues:
                queue.expected = max(queue.expected, offset)
        elif name not in _AWAY:
            self.error = f"{text} ({name.lstrip('_')})"


def require_present(position: Position, low: int, high: int, topic_id: str) -> None:
    """Require a partition to go on where reading ended.

    `low` and `high` are the offsets that it has now. Raises InputError if what follows the position
    is gone, or was never there.
    """
    if topic_id and position.digest and position.digest != topic_id:
        raise InputError(
            "was deleted and made again since, and tiles hold events of the old topic. Write the "
            "new one into a new store."
        )
    if position.offset > high:
        raise InputError(
            f"ends at offset {high:,}, and it was read up to {position.offset:,} before: the "
            "broker has lost messages. Write what it has into a new store."
        )
    if position.offset < low:
        raise InputError(
            f"begins at offset {low:,}, and it was read up to {position.offset:,} only: what is "
            "between was deleted by its retention. Write a history that has it, and then the "
            "topic, into a new store."
        )
