"""Times as people write them and as answers show them."""

from __future__ import annotations

import operator
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from .errors import FetchError, shown

#: Event and query times lie in [1971, 2100). A number outside is far more often in the wrong unit
#: than a time.
EARLIEST_MS = 31_536_000_000
LATEST_MS = 4_102_444_800_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Digits beyond these are no time, and Python does not read thousands of them.
_INTEGER = r"[+-]?[0-9]{1,100}"

Moment = int | str | datetime | None


def now_ms() -> int:
    """Read the clock in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def moment_ms(moment: Moment) -> int:
    """Turn a query time into epoch milliseconds.

    The time is given as milliseconds, as ISO 8601 (UTC if it names no zone) or as a datetime; None
    is now. Raises FetchError for anything else, and for times outside 1971-2099.
    """
    if type(moment) is int and EARLIEST_MS <= moment < LATEST_MS:  # as most are
        return moment
    match moment:
        case None:
            return now_ms()
        case int() if not isinstance(moment, bool):
            at_ms = moment
        case datetime():
            at_ms = _from_datetime(moment)
        case str():
            at_ms = _from_text(moment)
        case _:
            at_ms = _from_integer(moment)
    if not EARLIEST_MS <= at_ms < LATEST_MS:
        advice = "Give epoch milliseconds, ISO 8601 text or a datetime of those years."
        if EARLIEST_MS <= at_ms * 1000 < LATEST_MS:
            advice = "It looks like seconds: query times are milliseconds."
        raise FetchError(f"query time {shown(moment)} lies outside 1971-2099. {advice}")
    return at_ms


def _from_integer(moment: Any) -> int:
    try:
        if isinstance(moment, bool):
            raise TypeError
        return operator.index(moment)  # an integer of numpy
    except TypeError:
        raise FetchError(
            f"query time {shown(moment)} is not a time. Give epoch milliseconds, ISO 8601 text or "
            "a datetime."
        ) from None


def _from_datetime(moment: datetime) -> int:
    if moment != moment:  # pandas' missing time, which is a datetime too
        raise FetchError(f"query time {moment!r} is not a time. Leave it out to ask for now.")
    aware = moment.replace(tzinfo=UTC) if moment.utcoffset() is None else moment
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def _from_text(text: str) -> int:
    if re.fullmatch(_INTEGER, text.strip()):
        return int(text)
    try:
        return _from_datetime(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise FetchError(
            f"query time {shown(text)} is neither ISO 8601 (2024-01-04T14:37:25Z) nor epoch "
            "milliseconds."
        ) from None


def iso(time_ms: int) -> str:
    """Write a time in ISO 8601, in UTC.

    Milliseconds are left out where they are zero.
    """
    moment = _EPOCH + timedelta(milliseconds=time_ms)
    precision = "milliseconds" if time_ms % 1000 else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")
