"""The fetcher: features of keys at a time.

It reads once all tiles that the windows need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tilewright_compiler.plan.model import Plan

from ..errors import KeyValueError
from ..stores import CheckedStore, Store
from ..stores.checked import CheckedReader
from ..stores.ownership import require_plan
from ..tiles.entities import entity_encoder, key_values
from ..times import Moment, moment_ms
from .program import Program
from .steps import DERIVE, STEPS, FetchContext, FetchState, Step

if TYPE_CHECKING:
    from .derivations import Derivations

#: Requests whose tiles are in memory at once.
_BATCH = 512


@dataclass(slots=True)
class Answer:
    """The features of some keys at a time.

    The time is in epoch milliseconds. `quality` is empty if they are clean.
    """

    keys: dict[str, Any]
    at: int
    features: dict[str, Any]
    quality: dict[str, Any] = field(default_factory=dict)


class Fetcher:
    """Fetches the features of one plan from one store.

    Threads may share it. A window whose cover has more tiles than the plan's
    `max_tiles_per_request` is refused unless `allow_many_tiles`. Raises StoreError if the store has
    no tiles of this plan, or tiles of another plan of its name.
    """

    def __init__(self, plan: Plan, store: Store, *, allow_many_tiles: bool = False) -> None:
        require_plan(plan, store)
        self.plan = plan
        self.store = store
        self.program = Program(plan)
        self.steps: tuple[Step, ...] = (*STEPS, DERIVE) if plan.derivations else STEPS
        is_lossy = store.expires or isinstance(store, CheckedStore)
        self.context = FetchContext(
            plan,
            store,
            CheckedReader(plan, store) if is_lossy else None,
            self.program,
            derivations=_derivations(plan),
            most_tiles=None if allow_many_tiles else plan.cost.max_tiles_per_request,
        )
        self._encode = entity_encoder(plan.keys)
        self._longest = store.max_entity_bytes - len(plan.name)

    def fetch(self, keys: Mapping[str, Any], at: Moment = None) -> Answer:
        """Fetch the features of keys at a time.

        `keys` has a value for each key column. The time is epoch ms, ISO 8601, a datetime, or now.
        Events at or after it are never in the answer. A key without events has the values of empty
        windows. Raises KeyValueError, FetchError, CorruptRecordError.
        """
        state = self.request(keys, at)
        self._walk([state])
        return answer_of(state)

    def fetch_many(
        self,
        requests: Iterable[Mapping[str, Any] | tuple[Mapping[str, Any], Moment]],
        at: Moment = None,
    ) -> list[Answer]:
        """Fetch many answers, one for each request.

        A request is keys, or keys with a time of their own. Some hundred requests are one round
        trip to the store. Raises what `fetch` raises.
        """
        common = moment_ms(at)
        states = [
            self.request(*one) if isinstance(one, tuple) else self.request(one, common)
            for one in requests
        ]
        return self.answers(states)

    def request(self, keys: Mapping[str, Any], at: Moment = None) -> FetchState:
        """Make a request that the steps can begin with.

        Raises KeyValueError or FetchError if the plan has no such keys, or the time is none.
        """
        return FetchState(keys, moment_ms(at), self.entity(keys))

    def answers(self, states: Sequence[FetchState]) -> list[Answer]:
        """Walk the steps for some requests.

        Raises what `fetch` raises.
        """
        for first in range(0, len(states), _BATCH):
            self._walk(states[first : first + _BATCH])
        return [answer_of(state) for state in states]

    def _walk(self, states: Sequence[FetchState]) -> None:
        for step in self.steps:
            step.work(self.context, states)

    def entity(self, keys: Mapping[str, Any]) -> str:
        """Write the text of keys.

        Raises KeyValueError for keys that the plan or the store cannot have.
        """
        text = self._encode(key_values(self.plan.keys, keys))
        if len(text) > self._longest:
            raise KeyValueError(
                f"the key has {len(text):,} characters when encoded; store {self.store.url} "
                f"allows {self._longest:,}. It can have no tiles: ask for a shorter key."
            )
        return text


def answer_of(state: FetchState) -> Answer:
    """Make the answer to a request that took all steps."""
    return Answer(dict(state.keys), state.at_ms, state.features, state.quality)


def _derivations(plan: Plan) -> Derivations | None:
    if not plan.derivations:
        return None
    from .derivations import Derivations  # imports DuckDB, which no other fetch needs

    return Derivations(plan)
