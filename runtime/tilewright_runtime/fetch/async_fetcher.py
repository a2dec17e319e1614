"""The fetcher for tasks of asyncio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from tilewright.windows import Duration
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.plan.settings import OnMissing

from ..errors import StoreError
from ..stores import CheckedStore, Store
from ..stores.base import Scanned, ScanRequest
from ..stores.checked import CheckedReader, Reading
from ..times import Moment
from .answers import Answer, Answers, answer_of, answers_of
from .cache import TileCache
from .caching_reader import CachingReader
from .context import FetchContext, FetchState
from .counting import count_fetches
from .fetcher import finish_without_store, walk
from .quality import gives_up
from .serving import Request, Serving
from .tracing import spans_of

if TYPE_CHECKING:
    from .spans import FetchSpans

#: Requests whose steps are walked in the event loop itself; more would hold up other tasks.
_FEW = 64


class AsyncFetcher(Serving):
    """Fetches the features of one plan from one store, awaited.

    It walks the steps that `Fetcher` walks, so the answers are the same. Reads of a store elsewhere
    are awaited; one on this machine answers at once. Any number of tasks may share it, and event
    loops after each other or beside each other, each with its own connections. Close it, or use it
    as an async context manager; the store stays open. To make one waits for the store; `open` is
    awaited instead. Raises what `Fetcher` raises.
    """

    def __init__(
        self,
        plan: Plan,
        store: Store,
        *,
        allow_many_tiles: bool = False,
        cache: TileCache | None = None,
    ) -> None:
        super().__init__(plan, store, allow_many_tiles=allow_many_tiles, cache=cache)
        self._far = store.open_async() if isinstance(store, CheckedStore) else None

    @classmethod
    async def open(
        cls,
        plan: Plan,
        store: Store,
        *,
        allow_many_tiles: bool = False,
        cache: TileCache | None = None,
    ) -> Self:
        """Make a fetcher while other tasks go on.

        The store is asked in a thread whether it has tiles of the plan. Raises what `Fetcher`
        raises.
        """
        make = partial(cls, plan, store, allow_many_tiles=allow_many_tiles, cache=cache)
        return await asyncio.to_thread(make)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close its connections; closing twice is harmless."""
        if self._far is not None:
            await self._far.aclose()

    async def fetch(
        self,
        keys: Mapping[str, Any],
        at: Moment = None,
        *,
        features: Iterable[str] | None = None,
        quality: bool = False,
        on_missing: OnMissing | None = None,
        max_staleness: Duration | None = None,
    ) -> Answer:
        """Fetch the features of keys at a time.

        It answers as `Fetcher.fetch` does, and raises what that raises.
        """
        context = self.context_of(features, quality, on_missing, max_staleness)
        state = self.request(keys, at)
        await self.answer(context, [state])
        return answer_of(state)

    async def fetch_many(
        self,
        requests: Iterable[Request],
        at: Moment = None,
        *,
        features: Iterable[str] | None = None,
        quality: bool = False,
        on_missing: OnMissing | None = None,
        max_staleness: Duration | None = None,
    ) -> Answers:
        """Fetch many answers, as `Fetcher.fetch_many` does.

        Raises what that raises.
        """
        context = self.context_of(features, quality, on_missing, max_staleness)
        return await self.answers(self.requests(requests, at), context)

    async def answers(
        self, states: Sequence[FetchState], context: FetchContext | None = None
    ) -> Answers:
        """Walk the steps for some requests.

        The context says which features are wanted, by default all, and the policy. Raises what
        `fetch` raises.
        """
        context = context or self.context
        collected: list[Answer] = []
        for batch in self.batches(states):
            await self.answer(context, batch)
            collected += answers_of(batch)
        return Answers(collected, context.plan, context.names)

    async def answer(self, context: FetchContext, states: Sequence[FetchState]) -> None:
        """Walk the steps for requests that are read together.

        Their states hold the answers then. Raises what `fetch` raises.
        """
        if self._far is None and len(states) <= _FEW:
            walk(context, states)
            return
        if self._far is None:
            await asyncio.to_thread(walk, context, states)
            return
        spans = spans_of(context, states)
        if spans is None:
            await self._take_steps(context, states)
            return
        with spans.whole():
            await self._take_steps(context, states, spans)

    async def _take_steps(
        self,
        context: FetchContext,
        states: Sequence[FetchState],
        spans: FetchSpans | None = None,
    ) -> None:
        begun = time.perf_counter()
        for step in context.steps:
            if step.receive is None:
                work = partial(step.work, context, states)
                await _run(work if spans is None else partial(spans.work, step), states)
                continue
            try:
                reading = await self._read(context, states, spans)
            except StoreError as error:
                if not gives_up(context, error):
                    raise
                finish_without_store(context, states)
                return
            receive = partial(step.receive, context, states, reading)
            await _run(receive if spans is None else partial(spans.received, step, reading), states)
        count_fetches(context, states, time.perf_counter() - begun)

    async def _read(
        self, context: FetchContext, states: Sequence[FetchState], spans: FetchSpans | None
    ) -> Reading:
        requests = [state.scan_request for state in states]
        reader = context.reader
        if isinstance(reader, CheckedReader):
            return reader.judged(await self._scan(requests, context.documents, spans), requests)
        assert isinstance(reader, CachingReader)
        exchange = reader.exchange(requests, context.documents)
        try:
            with nullcontext() if spans is None else spans.step("cache_lookup"):
                asked, names = next(exchange)
            while True:
                asked, names = exchange.send(await self._scan(asked, names, spans))
        except StopIteration as end:
            reading: Reading = end.value
            return reading

    async def _scan(
        self, requests: Sequence[ScanRequest], names: Sequence[str], spans: FetchSpans | None
    ) -> Scanned:
        assert self._far is not None
        batch_keys = self.plan.store.batch_size
        with nullcontext() if spans is None else spans.reading() as read:
            scanned = await self._far.scan_checked(self.plan.name, requests, names, batch_keys)
            if read is not None:
                read(scanned.records)
            return scanned


async def _run(work: Callable[[], None], states: Sequence[FetchState]) -> None:
    """Do some work here, or long work in a thread."""
    if len(states) <= _FEW:
        work()
    else:
        await asyncio.to_thread(work)
