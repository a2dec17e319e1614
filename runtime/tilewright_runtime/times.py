"""Times at the edge: what people write for a moment, and how answers show one."""

from __future__ import annotations

import operator
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from .errors import FetchError, shown

#: Event and query times lie in [1971, 2100); what lies outside is a mistake of unit far more often
#: than a time.
EARLIEST_MS = 31_536_000_000
LATEST_MS = 4_102_444_800_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Digits beyond these are no time, and Python does not read thousands of them.
_INTEGER = re.compile(r"[+-]?[0-9]{1,100}", re.ASCII)

Moment = int | str | datetime | None


def moment_ms(moment: Moment) -> int:
    """Turn a query time into epoch milliseconds.

    It is given as milliseconds, ISO 8601 (UTC where no zone is given), a datetime, or None for
    now. Raises FetchError for anything else, and for times outside 1971-2099.
    """
    match moment:
        case None:
            return time.time_ns() // 1_000_000
        case int() if not isinstance(moment, bool):
            at_ms = moment
        case datetime():
            at_ms = _from_datetime(moment)
        case str():
            at_ms = _from_text(moment)
        case _:
            at_ms = _from_integer(moment)
    if not EARLIEST_MS <= at_ms < LATEST_MS:
        hint = (
            " It looks like seconds: query times are milliseconds."
            if EARLIEST_MS <= at_ms * 1000 < LATEST_MS
            else ""
        )
        raise FetchError(f"query time {shown(moment)} lies outside 1971-2099.{hint}")
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
    if _INTEGER.fullmatch(text.strip()):
        return int(text)
    try:
        return _from_datetime(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise FetchError(
            f"query time {shown(text)} is neither ISO 8601 (2024-01-04T14:37:25Z) nor epoch "
            "milliseconds."
        ) from None


def iso(time_ms: int) -> str:
    """Write a time in ISO 8601, UTC, without the milliseconds where they are zero."""
    moment = _EPOCH + timedelta(milliseconds=time_ms)
    return moment.isoformat(timespec="milliseconds" if time_ms % 1000 else "seconds").replace(
        "+00:00", "Z"
    )
