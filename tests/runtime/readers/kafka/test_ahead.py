"""Work that is done ahead."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tilewright_runtime.readers.kafka.ahead import Ahead


def until_awaited(is_awaited: Callable[[], bool]) -> str:
    while not is_awaited():
        time.sleep(0.001)
    return "done"


def test_work_goes_on_until_it_is_awaited() -> None:
    """Its result is given once, and it may begin again."""
    ahead = Ahead(until_awaited)
    assert ahead.end() is None
    for _ in range(2):
        ahead.begin()
        assert ahead.end() == "done"
    assert ahead.end() is None


def test_an_error_is_raised_where_the_result_is_asked_for() -> None:
    """It does not end in the thread, and is raised once."""

    def fail(is_awaited: Callable[[], bool]) -> None:
        raise ValueError("in vain")

    ahead = Ahead(fail)
    ahead.begin()
    with pytest.raises(ValueError, match="in vain"):
        ahead.end()
    assert ahead.end() is None
