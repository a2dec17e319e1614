"""Limits how long work may wait."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Coroutine[Any, None, T]) -> T:
    """Do some work, and limit how long it waits.

    Most requests never wait: their bodies come with their heads, and a store of this machine
    answers at once. For those no timer is set. Raises TimeoutError.
    """
    result: T
    limit_s = asyncio.get_running_loop().time() + seconds
    try:
        awaited = work.send(None)
    except StopIteration as end:
        result = end.value
        return result
    async with asyncio.timeout_at(limit_s):
        result = await _Waiting(work, awaited)
    return result


class _Waiting:
    """Work that has begun and waits for something."""

    def __init__(self, work: Coroutine[Any, None, Any], awaited: Any) -> None:
        self._work = work
        self._awaited = awaited

    def __await__(self) -> Generator[Any, None, Any]:
        try:
            while True:
                try:
                    yield self._awaited
                except BaseException as error:  # the task is cancelled, perhaps by the limit
                    self._awaited = self._work.throw(error)
                else:
                    self._awaited = self._work.send(None)
        except StopIteration as end:
            return end.value
