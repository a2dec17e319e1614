"""The fetcher: features of keys at a time.

It reads once all tiles that the windows need.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tilewright.windows import Duration
from tilewright_compiler.plan.settings import OnMissing

from ..errors import StoreError
from ..times import Moment
from .answers import Answer, Answers, answer_of, answers_of
from .context import FetchContext, FetchState
from .counting import count_fetches
from .quality import give_up, gives_up
from .serving import Request, Serving, is_plain
from .steps import derive
from .tracing import is_traced, spans_of

if TYPE_CHECKING:
    from .spans import FetchSpans

__all__ = ["Answer", "Fetcher"]


class Fetcher(Serving):
    """Fetches the features of one plan from one store.

    Threads may share it. A window whose cover has more tiles than the plan's
    `max_tiles_per_request` is refused unless `allow_many_tiles`. A `cache` keeps finished tiles;
    any number of fetchers may share one. Raises StoreError if the store has no tiles of this plan,
    or tiles of another plan of its name.
    """

    def fetch(
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

        `keys` has a value for each key column. The time is epoch ms, ISO 8601 or a datetime: events
        at or after it are never in the answer. Without a time everything counts that was written
        until now, also by a clock that runs ahead. `features` names the features and derivations
        that are wanted; only what they need is read. A key without events has the values of empty
        windows.

        `quality` asks for a full report in `Answer.quality`. `on_missing` says what is done about
        tiles that ought to be there: `fail` raises MissingTileError, `degrade` gives no value to
        features that read a damaged tile, and `default` gives those that miss tiles the value of an
        empty window. If the newest event that was written is older than `max_staleness`, that
        counts as missing. Without a policy, neither here nor in the plan, a damaged tile is an
        error. Raises KeyValueError, FetchError, CorruptRecordError.
        """
        context = self.context
        if not is_plain(features, quality, on_missing, max_staleness):
            context = self.context_of(features, quality, on_missing, max_staleness)
        at_ms, end_ms = self.times(at)
        entity = self.entity(keys)
        answer = answer_directly(context, keys, at_ms, end_ms, entity)
        if answer is None:
            state = FetchState(keys, at_ms, end_ms, entity)
            walk(context, (state,), directly=False)
            answer = answer_of(state)
        return answer

    def fetch_many(
        self,
        requests: Iterable[Request],
        at: Moment = None,
        *,
        features: Iterable[str] | None = None,
        quality: bool = False,
        on_missing: OnMissing | None = None,
        max_staleness: Duration | None = None,
    ) -> Answers:
        """Fetch many answers, one for each request.

        A request is keys, or keys with a time of their own. Some hundred requests are one round
        trip to the store. What `features` and the policy say goes for all of them. The result is a
        list that can become a table. Raises what `fetch` raises.
        """
        context = self.context_of(features, quality, on_missing, max_staleness)
        return self.answers(self.requests(requests, at), context)

    def answers(self, states: Sequence[FetchState], context: FetchContext | None = None) -> Answers:
        """Walk the steps for some requests.

        The context says which features are wanted, by default all, and the policy. Raises what
        `fetch` raises.
        """
        context = context or self.context
        collected: list[Answer] = []
        for batch in self.batches(states):
            walk(context, batch)
            collected += answers_of(batch)
        return Answers(collected, context.plan, context.names)


def answer_directly(
    context: FetchContext, keys: Mapping[str, Any], at_ms: int, end_ms: int, entity: str
) -> Answer | None:
    """Answer a request without its steps, if it is plain and nobody traces them."""
    direct = context.direct
    if direct is None or is_traced():
        return None
    begun = time.perf_counter()
    schedule = context.program.schedule(at_ms, end_ms)
    found = direct.find((entity,), schedule, at_ms, end_ms)
    if found is None or found[0] is None:
        return None
    context.metrics.fetched(1, time.perf_counter() - begun, schedule.asked)
    features, quality = found[0]
    return Answer(dict(keys), at_ms, features, quality)


def finish_without_store(context: FetchContext, states: Sequence[FetchState]) -> None:
    """Answer requests without the store, as the policy says.

    The store could not answer them.
    """
    give_up(context, states)
    if context.derivations is not None:
        derive(context, states)


def walk(context: FetchContext, states: Sequence[FetchState], *, directly: bool = True) -> None:
    """Walk the steps for requests that are read together.

    Those that are plain are answered `directly`, unless that was tried.
    """
    spans = spans_of(context, states)
    if spans is None:
        begun, left = time.perf_counter(), states
        if directly and context.direct is not None:
            left = context.direct.answer(states)
        _take_steps(context, states, left, begun)
        return
    with spans.whole():
        _take_steps(context, states, states, time.perf_counter(), spans)


def _take_steps(
    context: FetchContext,
    states: Sequence[FetchState],
    left: Sequence[FetchState],
    begun: float,
    spans: FetchSpans | None = None,
) -> None:
    """Take the steps for what is left of some requests, and count all."""
    for step in context.steps if left else ():
        try:
            if spans is None:
                step.work(context, left)
            else:
                spans.work(step)
        except StoreError as error:
            if step.receive is None or not gives_up(context, error):
                raise
            finish_without_store(context, states)
            return
    count_fetches(context, states, time.perf_counter() - begun)
