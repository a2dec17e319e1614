"""Lengths of time, as authors write and names show them."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import Enum
from typing import Protocol

#: Milliseconds of the units of time.
SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_UNITS_MS = {"d": DAY_MS, "h": HOUR_MS, "m": MINUTE_MS, "s": SECOND_MS}
_WRITTEN_MS = _UNITS_MS | {"w": 7 * DAY_MS}
#: The longest that anything may last: a hundred years.
LONGEST_MS = 100 * 366 * DAY_MS
_FORMAT = r"([0-9]{1,12})([smhdw])"


class TimeUnit(Enum):
    """The unit of a `Window`."""

    SECONDS = "s"
    MINUTES = "m"
    HOURS = "h"
    DAYS = "d"
    WEEKS = "w"


class Length(Protocol):
    """A length of time by its unit, as `Window` is."""

    @property
    def length(self) -> int:
        """How many units."""

    @property
    def unit(self) -> TimeUnit:
        """The unit."""


Duration = str | timedelta | Length


def duration_ms(duration: Duration) -> int:
    """Convert a duration to milliseconds.

    A duration is a whole number of seconds, more than zero and at most a hundred years.

    >>> duration_ms("2w"), duration_ms(timedelta(minutes=5))
    (1209600000, 300000)

    Raises ValueError if it is not, with how durations are written.
    """
    match duration:
        case timedelta():
            length_ms, rest = divmod(duration, timedelta(milliseconds=1))
            if rest:
                raise ValueError(f"{duration!r} is finer than a millisecond. Use whole seconds.")
        case object(length=int(length), unit=TimeUnit() as unit):
            length_ms = length * _WRITTEN_MS[unit.value]
        case str() if written := re.fullmatch(_FORMAT, duration):
            length_ms = int(written[1]) * _WRITTEN_MS[written[2]]
        case _:
            raise ValueError(
                f"{duration!r} is not a duration. Write a whole number and one of s, m, h, d, w, "
                "such as '30s', '5m', '7d'."
            )
    if length_ms <= 0:
        raise ValueError(f"{duration!r} is not longer than zero. Write one such as '5m'.")
    if length_ms % SECOND_MS:
        raise ValueError(
            f"{duration!r} is not a whole number of seconds, the finest time that tiles have."
        )
    if length_ms > LONGEST_MS:
        raise ValueError(
            f"{duration!r} is longer than a hundred years. For all of the past leave windows out."
        )
    return length_ms


def format_duration(length_ms: int) -> str:
    """Write a duration in the largest unit that divides it.

    The units are d, h, m and s.

    >>> format_duration(1209600000), format_duration(5400000)
    ('14d', '90m')
    """
    unit = next(unit for unit, size in _UNITS_MS.items() if length_ms % size == 0)
    return f"{length_ms // _UNITS_MS[unit]}{unit}"
