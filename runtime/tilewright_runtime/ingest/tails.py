"""Inputs that are followed.

It is known of each what is open, and what is wrong.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tilewright_compiler.plan.files import format_of

from ..errors import InputError
from ..readers import Input
from ..readers.follow import Signature
from .passes import Reading, Taker, readings

#: How soon an input that could not be read is tried again.
_RETRY_S = 0.5
_QUIET_S = 2.0


@dataclass
class Trouble:
    """Why an input cannot be read now."""

    error: InputError
    since_s: float
    tried_s: float
    is_told: bool = False

    @property
    def is_to_be_tried(self) -> bool:
        """Whether to try again: less and less often."""
        since_s = self.tried_s - self.since_s
        return time.monotonic() - self.tried_s >= max(_RETRY_S, since_s / 4)


@dataclass(eq=False)
class Tail:
    """An input that is followed."""

    item: Input
    readings: list[Reading] = field(default_factory=list)
    seen: Signature | None = None
    """The file as it was when there was nothing more in it."""
    descriptor: int | None = None
    """The open file itself, whatever name it has by now."""
    waiting_bytes: int = 0
    trouble: Trouble | None = None
    read_s: float = 0.0
    """When something was last read of it."""

    @property
    def is_file(self) -> bool:
        """Whether it has a name, as a file has.

        Another file may be under that name by now.
        """
        return self.item.path is not None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was wrong for a while.

        Opening a partition proves nothing: it fails later.
        """
        return self.trouble is None or time.monotonic() - self.trouble.tried_s > _QUIET_S

    def open(self, takers: Sequence[Taker], again: bool) -> None:
        """Begin to read where each plan has ended.

        Raises InputError for a copy of another file.
        """
        if self.item.path is not None:
            self.descriptor = os.open(self.item.path, os.O_RDONLY)
        counts = [len(taker.report.errors) for taker in takers]
        self.readings = readings(self.item, takers, again)
        for taker, count in zip(takers, counts, strict=True):
            if len(taker.report.errors) > count:
                raise taker.report.errors.pop()

    def close(self) -> None:
        """Close the input; it may be opened again."""
        for reading in self.readings:
            reading.close()
        self.readings = []
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def is_renamed(self, now: Signature | None) -> bool:
        """Tell whether it was renamed, and its name reused.

        A file that was only replaced is none: that may be a correction.
        """
        if self.descriptor is None or now is None:
            return False
        own = os.fstat(self.descriptor)
        return own.st_ino != now[0] and own.st_nlink > 0

    def is_other(self, now: Signature | None) -> bool:
        """Tell whether it must be opened again.

        It is another file, or was begun anew, or is compressed: then its end was an end.
        """
        if self.descriptor is None or now is None or now == self.seen:
            return False
        if os.fstat(self.descriptor).st_ino != now[0]:
            return True
        if _is_compressed(self.item):
            return self.seen is not None
        cursors = (reading.cursors[0] for reading in self.readings if reading.cursors)
        return any(cursor.is_begun_anew(now[1]) for cursor in cursors)


def _is_compressed(item: Input) -> bool:
    kind = None if item.path is None else format_of(item.path)
    return kind is not None and kind.codec is not None
