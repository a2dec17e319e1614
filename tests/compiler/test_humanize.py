"""Amounts in the words of people."""

from __future__ import annotations

import pytest

from tilewright_compiler.humanize import counted, format_ago, format_bytes, format_span


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_950, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (10**15, "1000 TB"),
    ],
)
def test_bytes_in_three_digits(count: int, shown: str) -> None:
    """The unit grows before a number has four digits."""
    assert format_bytes(count) == shown


@pytest.mark.parametrize(
    ("length_ms", "shown"),
    [
        (0, "0s"),
        (1, "1ms"),
        (60_000, "1m"),
        (3_601_000, "1h"),
        (3_660_000, "1h 1m"),
        (86_400_000, "1d"),
        (90_061_001, "1d 1h"),
    ],
)
def test_spans_in_two_units(length_ms: int, shown: str) -> None:
    """The two largest units, neighbours of each other, rounded down."""
    assert format_span(length_ms) == shown


def test_one_and_many() -> None:
    """One thing is not many."""
    assert (counted(0, "tile"), counted(1, "tile"), counted(2_000, "tile")) == (
        "0 tiles",
        "1 tile",
        "2,000 tiles",
    )


def test_an_age_is_of_whole_seconds() -> None:
    """What a fast clock puts into the future is now."""
    shown = ["10s ago", "1h 1m ago", "0s ago"]
    assert [format_ago(age_ms) for age_ms in (10_148, 3_660_999, -5_000)] == shown
