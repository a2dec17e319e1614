"""Times at the edge: what people write for a moment, and what is refused."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.plans import AT
from tilewright_runtime.errors import FetchError
from tilewright_runtime.times import iso, moment_ms


@pytest.mark.parametrize(
    "moment",
    [
        AT,
        str(AT),
        "2024-01-04T14:37:25Z",
        "2024-01-04T14:37:25",
        "2024-01-04 14:37:25+00:00",
        "2024-01-04T16:37:25+02:00",
        datetime(2024, 1, 4, 14, 37, 25),
        np.int64(AT),
        pd.Timestamp("2024-01-04T14:37:25Z"),
        datetime(2024, 1, 4, 9, 37, 25, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_k6_one_moment_written_in_many_ways(moment: Any) -> None:
    """Milliseconds, text and datetimes name the same moment; what has no zone is UTC."""
    assert moment_ms(moment) == AT


def test_a_moment_finer_than_a_millisecond_is_floored() -> None:
    """Microseconds are cut off."""
    assert moment_ms("2024-01-04T14:37:25.000999Z") == AT
    assert moment_ms(datetime(2024, 1, 4, 14, 37, 25, 1999, tzinfo=UTC)) == AT + 1


def test_no_moment_is_now() -> None:
    """Without a time the question is about now."""
    before = time.time_ns() // 1_000_000
    assert before <= moment_ms(None) <= time.time_ns() // 1_000_000


@pytest.mark.parametrize("seconds", [AT // 1000, str(AT // 1000)])
def test_k10_seconds_are_refused_with_a_hint(seconds: Any) -> None:
    """Seconds are not taken for milliseconds of 1970: the error says what they look like."""
    with pytest.raises(FetchError, match=r"lies outside 1971-2099. It looks like seconds"):
        moment_ms(seconds)


@pytest.mark.parametrize(
    "moment",
    [
        0,
        -1,
        31_536_000_000 - 1,
        4_102_444_800_000,
        "1969-01-01",
        "0001-01-01T00:00:00+23:59",
        10**30,
        pytest.param(10**5000, id="of 5,000 digits"),
    ],
)
def test_times_outside_the_supported_years_are_refused(moment: Any) -> None:
    """A time before 1971 or after 2099 is a mistake."""
    with pytest.raises(FetchError, match="outside 1971-2099"):
        moment_ms(moment)


@pytest.mark.parametrize("moment", [31_536_000_000, 4_102_444_800_000 - 1])
def test_the_first_and_the_last_moment_are_taken(moment: int) -> None:
    """1971 and 2099 themselves are inside."""
    assert moment_ms(moment) == moment


@pytest.mark.parametrize("moment", ["noon", "", "2024-13-01", True, 1.5, [], b"2024-01-04"])
def test_what_is_no_time_is_refused(moment: Any) -> None:
    """Anything else is an error, never a crash."""
    with pytest.raises(FetchError, match="query time"):
        moment_ms(moment)


def test_a_time_is_shown_in_utc() -> None:
    """Times are shown in ISO 8601 with a Z, with milliseconds only where there are any."""
    assert (iso(AT), iso(AT + 7)) == ("2024-01-04T14:37:25Z", "2024-01-04T14:37:25.007Z")


@pytest.mark.parametrize(
    "moment", ["--5", "٣", "9" * 5000, "1e12", "", " ", "\ud800", "2024-13-01"]
)
def test_text_that_is_no_time_is_refused(moment: str) -> None:
    """Whatever is written, the answer is an error of ours that shows a part of it."""
    with pytest.raises(FetchError, match="is neither ISO 8601") as refused:
        moment_ms(moment)
    assert len(str(refused.value)) < 250


def test_the_missing_time_of_pandas_is_refused() -> None:
    """NaT is a datetime to Python, but no moment."""
    with pytest.raises(FetchError, match="NaT is not a time"):
        moment_ms(pd.NaT)
