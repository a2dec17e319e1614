"""Durations: how they are written, read and named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tilewright import TimeUnit, Window
from tilewright.windows import Duration, duration_ms, format_duration

SECONDS = st.integers(1, 100 * 366 * 86_400)


@given(SECONDS)
def test_a_formatted_duration_is_read_back(seconds: int) -> None:
    """Formatting and reading are inverse for every whole number of seconds."""
    assert duration_ms(format_duration(seconds * 1000)) == seconds * 1000


@given(SECONDS)
def test_a_duration_has_one_name(seconds: int) -> None:
    """Whatever way a length is written, its name is that of the largest unit that divides it."""
    name = format_duration(seconds * 1000)
    assert format_duration(duration_ms(f"{seconds}s")) == name
    assert format_duration(duration_ms(timedelta(seconds=seconds))) == name
    larger = {"s": 60, "m": 3600, "h": 86_400}
    assert name[-1] == "d" or seconds % larger[name[-1]] != 0


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("30s", "30s"),
        ("60s", "1m"),
        ("90m", "90m"),
        ("24h", "1d"),
        ("2w", "14d"),
        ("007d", "7d"),
        (timedelta(days=1, hours=12), "36h"),
        (Window(length=7, unit=TimeUnit.DAYS), "7d"),
        (Window(length=1, unit=TimeUnit.WEEKS), "7d"),
    ],
)
def test_names_of_durations(written: Duration, name: str) -> None:
    """A name shows the largest of d, h, m and s that divides."""
    assert format_duration(duration_ms(written)) == name


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "not a duration"),
        ("1", "not a duration"),
        ("h", "not a duration"),
        ("-1h", "not a duration"),
        ("1.5h", "not a duration"),
        ("1 h", "not a duration"),
        ("1H", "not a duration"),
        ("1h ", "not a duration"),
        ("1h\n", "not a duration"),
        ("١h", "not a duration"),
        ("1M", "not a duration"),
        ("1h30m", "not a duration"),
        ("0h", "not longer than zero"),
        (timedelta(seconds=-1), "not longer than zero"),
        (timedelta(milliseconds=1500), "not a whole number of seconds"),
        (timedelta(microseconds=1), "finer than a millisecond"),
        ("9999999d", "longer than a hundred years"),
    ],
)
def test_what_is_no_duration(written: Duration, reason: str) -> None:
    """A mistaken duration is refused with its reason."""
    with pytest.raises(ValueError, match=reason):
        duration_ms(written)
