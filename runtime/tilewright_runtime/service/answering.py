"""Answers the keys of a request, row by row."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from ..errors import CorruptRecordError, FetchError, KeyValueError, shown
from ..fetch.answers import Answer
from ..fetch.async_fetcher import AsyncFetcher
from ..fetch.context import FetchContext, FetchState
from ..fetch.documents import jsonable
from ..fetch.fetcher import answer_directly, walk
from ..stores import Store
from .plans import ServedPlans
from .problems import code_of
from .requests import FeatureRequest, Options, require_features

T = TypeVar("T")

#: Keys that are answered before other requests get their turn, of a store on this machine and of
#: one behind a network, where each turn is a round trip.
_NEAR_TURN, _FAR_TURN = 64, 512
#: Types that JSON has, whatever their values.
_PLAIN = frozenset({int, str, bool, type(None)})
_NUMBERS = frozenset({int, float})
#: What a request has beside its time that asks for nothing.
_NO_POLICY = Options()[1:]
_ENTITY = attrgetter("entity")
#: What concerns one row and no other.
_OF_A_ROW = (KeyValueError, FetchError, CorruptRecordError)

Row = dict[str, Any]


class Answering:
    """Answers requests from the plans' fetchers.

    A store of this machine is read at once, as it never waits; one behind a network is awaited.
    """

    def __init__(self, plans: ServedPlans) -> None:
        self._plans = plans
        self._is_far = is_distant(plans.store)
        self._turn = _FAR_TURN if self._is_far else _NEAR_TURN

    async def rows(self, name: str, request: FeatureRequest) -> list[Row]:
        """Answer the keys of a request, in their order.

        Raises RequestError for an unknown plan or feature, and StoreError.
        """
        plain = self._plain_rows(name, request)
        return await self._rows(name, request) if plain is None else plain

    def _plain_rows(self, name: str, request: FeatureRequest) -> list[Row] | None:
        """Answer a few keys of a store that never waits, for all features.

        Most requests are no more than that. None for others, and where a key is wrong or cannot be
        answered, which is told row by row.
        """
        keys, options = request
        fetcher = self._plans.made(name)
        if fetcher is None or self._is_far or len(keys) > self._turn or options[1:] != _NO_POLICY:
            return None
        context, times = fetcher.context, fetcher.times(options.at_ms)
        entities = []
        try:
            for one in keys:
                if type(one) is not dict:
                    return None
                entities.append(fetcher.entity(one))
            if len(keys) == 1:
                answer = answer_directly(context, keys[0], *times, entities[0])
                if answer is not None:
                    self._plans.count_accesses(name, entities)
                    return [success(answer, options)]
            states = [
                FetchState(one, *times, entity) for one, entity in zip(keys, entities, strict=True)
            ]
            if states:
                walk(context, states)
        except _OF_A_ROW:
            return None
        self._plans.count_accesses(name, entities)
        return [success(state, options) for state in states]

    async def _rows(self, name: str, request: FeatureRequest) -> list[Row]:
        options = request.options
        fetcher = self._plans.made(name)
        require_features(fetcher.plan if fetcher else self._plans.find(name), options.features)
        if fetcher is None:
            fetcher = await self.call(self._plans.fetcher, name)
        context = fetcher.context_of(
            options.features, bool(options.quality), options.on_missing, options.max_staleness
        )
        times = fetcher.times(options.at_ms)
        rows = [_state(fetcher, keys, times) for keys in request.keys]
        states = [row for row in rows if type(row) is FetchState]
        self._plans.count_accesses(name, map(_ENTITY, states))
        answered: list[Row] = []
        for begin in range(0, len(states), self._turn):
            if begin:
                await asyncio.sleep(0)
            turn = states[begin : begin + self._turn]
            answered += await _answer_states(fetcher, context, turn, options)
        return answered if len(states) == len(rows) else list(_in_order(rows, answered))

    async def call(self, work: Callable[..., T], *arguments: Any) -> T:
        """Call what may have to wait for the store."""
        if self._is_far:
            return await asyncio.to_thread(work, *arguments)
        return work(*arguments)


def is_distant(store: Store) -> bool:
    """Tell whether a store is behind a network."""
    return store.expires


def _state(fetcher: AsyncFetcher, keys: Any, times: tuple[int, int]) -> Row | FetchState:
    """Make a key's state, or a row of failure."""
    if not isinstance(keys, dict):
        columns = ", ".join(column.name for column in fetcher.plan.keys)
        return failure({}, "bad_key", f"{shown(keys)} is no object with the key columns {columns}.")
    try:
        return FetchState(keys, *times, fetcher.entity(keys))
    except KeyValueError as wrong:
        return failure(keys, "bad_key", str(wrong))


def _in_order(rows: Sequence[Row | FetchState], answered: Sequence[Row]) -> Iterator[Row]:
    """Put answers in the places of their requests."""
    answers = iter(answered)
    for row in rows:
        yield next(answers) if isinstance(row, FetchState) else row


async def _answer_states(
    fetcher: AsyncFetcher, context: FetchContext, states: Sequence[FetchState], options: Options
) -> list[Row]:
    """Answer states together, or if need be one by one.

    Raises StoreError if the store fails, which concerns them all.
    """
    try:
        await fetcher.answer(context, states)
    except _OF_A_ROW as error:
        if len(states) == 1:
            return [failure(states[0].keys, code_of(error), str(error))]
        rows = []
        for state in states:
            rows += await _answer_states(fetcher, context, [state], options)
        return rows
    return [success(state, options) for state in states]


def success(answer: FetchState | Answer, options: Options) -> Row:
    """Make the row of an answer."""
    row = {"status": "Success", "entityKeys": answer.keys, "features": plain(answer.features)}
    if options.quality or (answer.quality and options.quality is None):
        row["quality"] = jsonable(answer.quality)
    return row


def failure(keys: Any, code: str, message: str) -> Row:
    """Make the row of keys that cannot be answered."""
    return {"status": "Failure", "entityKeys": keys, "error": message, "code": code}


def plain(features: dict[str, Any]) -> dict[str, Any]:
    """Make features' values such as JSON has, in place.

    Most of them are. Of numbers their sum says it: a value that is not finite makes it so too.
    """
    try:
        total = sum(features.values())
        if type(total) in _NUMBERS and math.isfinite(total):
            return features
    except (TypeError, OverflowError):  # other values, or a number beyond all doubles
        pass
    for name, value in features.items():
        kind = type(value)
        if kind is float:
            if not math.isfinite(value):
                features[name] = jsonable(value)
        elif kind not in _PLAIN:
            features[name] = jsonable(value)
    return features
