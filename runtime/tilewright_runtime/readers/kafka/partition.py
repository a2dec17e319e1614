"""A topic's partition, and what was taken of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...errors import InputError
from ..batch import Position
from ..inputs import Input
from .values import is_framed

#: What librdkafka says when it only tries again.
_AWAY = {"_ALL_BROKERS_DOWN", "_TRANSPORT", "_RESOLVE", "_SSL", "_AUTHENTICATION"}


@dataclass(eq=False)
class Queue:
    """Messages for one reader, from an offset on."""

    expected: int
    values: list[bytes | None] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)

    def add(self, offset: int, value: bytes | None) -> None:
        """Take a message, unless it was taken before."""
        if offset >= self.expected:
            self.values.append(value)
            self.offsets.append(offset)
            self.expected = offset + 1

    def take(self) -> tuple[list[bytes | None], list[int]]:
        """Give what is there, all of one form.

        It ends where the form of the values changes.
        """
        forms = np.array([is_framed(value) for value in self.values])
        changes = np.flatnonzero(forms[1:] != forms[:-1])
        count = int(changes[0]) + 1 if len(changes) else len(self.values)
        taken = self.values[:count], self.offsets[:count]
        self.values, self.offsets = self.values[count:], self.offsets[count:]
        return taken


@dataclass(eq=False)
class Partition:
    """A partition, and what was taken but not read."""

    item: Input
    number: int
    end: int | None
    """Where to stop; None to go on."""
    queues: list[Queue] = field(default_factory=list)
    error: str = ""

    @property
    def first(self) -> int:
        """Find the offset that some reader waits for first."""
        return min(queue.expected for queue in self.queues)


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


def take_error(partition: Partition, name: str, text: str, offset: int) -> None:
    """Note what came in place of a message."""
    if name == "_PARTITION_EOF":
        for queue in partition.queues:
            queue.expected = max(queue.expected, offset)
    elif name not in _AWAY:
        partition.error = f"{text} ({name.lstrip('_')})"
