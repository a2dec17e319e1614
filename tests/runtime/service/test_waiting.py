"""Work whose time is limited where it waits."""

from __future__ import annotations

import asyncio

import pytest

from tilewright_runtime.service.waiting import within


async def two() -> int:
    """Work that never waits."""
    return 2


async def turns(count: int) -> int:
    """Work that waits some times."""
    loop = asyncio.get_running_loop()
    for number in range(count):
        done = loop.create_future()
        loop.call_soon(done.set_result, number)
        assert await done == number
        await asyncio.sleep(0)
    return count


async def fails() -> None:
    """Work that waits and fails."""
    await asyncio.sleep(0)
    raise LookupError("none")


def test_work_that_never_waits_is_done_at_once() -> None:
    """No time is too short for it."""
    assert asyncio.run(within(0, two())) == 2


def test_work_goes_on_after_each_wait() -> None:
    """What it waits for reaches it."""
    assert asyncio.run(within(30, turns(3))) == 3


def test_errors_of_waiting_work_are_raised() -> None:
    """They are not lost between its parts."""
    with pytest.raises(LookupError, match="none"):
        asyncio.run(within(30, fails()))


def test_work_that_waits_too_long_ends() -> None:
    """It may clean up, and whoever asked hears of the limit."""
    ended = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    with pytest.raises(TimeoutError):
        asyncio.run(within(0.01, endless()))
    assert ended == [True]


def test_a_cancelled_task_is_cancelled() -> None:
    """The limit does not hide that."""

    async def main() -> None:
        task = asyncio.create_task(within(30, asyncio.Event().wait()))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
