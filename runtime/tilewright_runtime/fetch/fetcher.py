"""The fetcher: features of keys at a time.

It reads once all tiles that the windows need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..times import Moment
from .answers import Answer, answer_of
from .serving import Request, Serving, batches
from .steps import FetchContext, FetchState

__all__ = ["Answer", "Fetcher"]


class Fetcher(Serving):
    """Fetches the features of one plan from one store.

    Threads may share it. A window whose cover has more tiles than the plan's
    `max_tiles_per_request` is refused unless `allow_many_tiles`. Raises StoreError if the store has
    no tiles of this plan, or tiles of another plan of its name.
    """

    def fetch(
        self,
        keys: Mapping[str, Any],
        at: Moment = None,
        *,
        features: Iterable[str] | None = None,
    ) -> Answer:
        """Fetch the features of keys at a time.

        `keys` has a value for each key column. The time is epoch ms, ISO 8601 or a datetime: events
        at or after it are never in the answer. Without a time everything counts that was written
        until now, also by a clock that runs ahead. `features` names the features and derivations
        that are wanted; only what they need is read. A key without events has the values of empty
        windows. Raises KeyValueError, FetchError, CorruptRecordError.
        """
        context = self.context_of(features)
        state = self.request(keys, at)
        _walk(context, [state])
        return answer_of(state)

    def fetch_many(
        self,
        requests: Iterable[Request],
        at: Moment = None,
        *,
        features: Iterable[str] | None = None,
    ) -> list[Answer]:
        """Fetch many answers, one for each request.

        A request is keys, or keys with a time of their own. Some hundred requests are one round
        trip to the store. Raises what `fetch` raises.
        """
        context = self.context_of(features)
        return self.answers(self.requests(requests, at), context)

    def answers(
        self, states: Sequence[FetchState], context: FetchContext | None = None
    ) -> list[Answer]:
        """Walk the steps for some requests.

        The context says which features are wanted, by default all. Raises what `fetch` raises.
        """
        for batch in batches(states):
            _walk(context or self.context, batch)
        return [answer_of(state) for state in states]


def _walk(context: FetchContext, states: Sequence[FetchState]) -> None:
    for step in context.steps:
        step.work(context, states)
