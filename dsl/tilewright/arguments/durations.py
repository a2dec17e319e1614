"""Durations in declarations, checked where they are written."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from ..declaration import Declaration
from ..windows import TimeUnit, duration_ms


class Window(Declaration):
    """A length of time as a number and a unit.

    `Window(length=7, unit=TimeUnit.DAYS)` is `"7d"`.
    """

    length: int
    unit: TimeUnit


def _is_duration(value: object) -> object:
    # Before pydantic tries the members of the union one by one and reports a mistake once for each.
    if not isinstance(value, str | timedelta | Window):
        raise PydanticCustomError(
            "tw:bad-duration",
            "{what}",
            {"what": f"{value!r} is not a duration. Write one such as '5m' or '7d'."},
        )
    return value


def _check(duration: str | timedelta | Window) -> str | timedelta | Window:
    if isinstance(duration, Window) and duration.problems:
        return duration  # reported at its own line
    try:
        duration_ms(duration)
    except ValueError as reason:
        raise PydanticCustomError("tw:bad-duration", "{what}", {"what": str(reason)}) from None
    return duration


CheckedDuration = Annotated[
    str | timedelta | Window, BeforeValidator(_is_duration), AfterValidator(_check)
]
