"""Holds what waiting and awaited fetchers have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tilewright.windows import Duration
from tilewright_compiler.plan.model import Plan

from ..errors import FetchError, KeyValueError, shown
from ..stores import CheckedStore, Store
from ..stores.checked import CheckedReader, Reader
from ..stores.owners import Owners
from ..stores.ownership import require_opened, require_plan
from ..tiles.entities import keys_encoder
from ..times import Moment, moment_ms
from .context import AnyReader, FetchContext, FetchState
from .direct import Direct, KernelDirect
from .numpy_direct import NumpyDirect
from .policy import Policy, policy_of
from .program import Program
from .selection import plan_of_features, wanted_names
from .steps import STEPS, steps_of

if TYPE_CHECKING:
    from .cache import CachedTable, TileCache
    from .caching_reader import CachingReader
    from .derivations import Derivations

#: Keys, or keys with a time of their own.
Request = Mapping[str, Any] | tuple[Mapping[str, Any], Moment]

#: Requests whose tiles are in memory at once: those of a round trip; where there is none, so few
#: that their tiles stay in the caches of a processor.
_FAR_BATCH, _NEAR_BATCH = 512, 64
#: Lists of features whose programs are kept; one takes some milliseconds to make.
_MOST_SELECTIONS = 64


class Serving:
    """A plan and a store, made ready for requests.

    Nothing of it changes once it is made, so threads and tasks may share it. Raises StoreError if
    the store has no tiles of this plan, or tiles of another plan of its name.
    """

    def __init__(
        self,
        plan: Plan,
        store: Store,
        *,
        allow_many_tiles: bool = False,
        cache: TileCache | None = None,
    ) -> None:
        require_opened(plan, store)
        require_plan(plan, store)
        self.plan = plan
        self.store = store
        is_lossy = store.expires or isinstance(store, CheckedStore)
        reader = CheckedReader(plan, store) if is_lossy else Reader(plan, store)
        self._owners = Owners(store)
        self._reader: AnyReader = reader
        self._plain_reader = reader
        self._cached: CachedTable | None = None
        self._caching: CachingReader | None = None
        if cache is not None:
            from .caching_reader import CachingReader  # no fetch without a cache needs it

            self._reader = self._caching = CachingReader(plan, store, reader, cache)
            self._cached = self._caching.cached
        self._most_tiles = None if allow_many_tiles else plan.cost.max_tiles_per_request
        self._names = wanted_names(plan, _names(plan))
        self._policy = policy_of(plan, False, None, None)
        self._prepared = lru_cache(_MOST_SELECTIONS)(self._prepare)
        self._contexts = lru_cache(_MOST_SELECTIONS)(self._context)
        self.context = self._contexts(self._names, self._policy)
        self.program = self.context.program
        self._encode = keys_encoder(plan.keys)
        self._longest = store.max_entity_bytes - len(plan.name)
        # Asked once: to look whether a store is of a protocol takes as long as to fetch three keys.
        self._batch = _FAR_BATCH if isinstance(store, CheckedStore) else _NEAR_BATCH

    def context_of(
        self,
        features: Iterable[str] | None = None,
        quality: bool = False,
        on_missing: str | None = None,
        max_staleness: Duration | None = None,
    ) -> FetchContext:
        """Prepare for some or all features, and for a policy.

        Raises FetchError for a name that the plan does not have, and for what is no policy.
        """
        if is_plain(features, quality, on_missing, max_staleness):
            return self.context
        names = self._names if features is None else wanted_names(self.plan, features)
        return self._contexts(names, policy_of(self.plan, quality, on_missing, max_staleness))

    def _context(self, names: tuple[str, ...], policy: Policy) -> FetchContext:
        prepared = self._prepared(names)
        steps = steps_of(policy, derives=prepared.derivations is not None)
        direct: Direct | None = None
        if steps == STEPS and isinstance(self._plain_reader, Reader):
            direct = KernelDirect.of(prepared.program, self.store, self._most_tiles, self._caching)
            if direct is None and self._caching is None:
                direct = NumpyDirect.of(prepared.program, self.store, self._most_tiles)
        return prepared.copied(policy=policy, steps=steps, direct=direct)

    def _prepare(self, names: tuple[str, ...]) -> FetchContext:
        plan = self.plan if names == self._names else plan_of_features(self.plan, names)
        return FetchContext(
            plan,
            self.store,
            self._reader,
            Program(plan, self.plan, self._owners),
            derivations=_derivations(plan),
            most_tiles=self._most_tiles,
            cached=self._cached,
            names=names,
        )

    def requests(self, requests: Iterable[Request], at: Moment = None) -> list[FetchState]:
        """Make the requests of a batch.

        Those without a time of their own have the same one. Raises what `request` raises.
        """
        try:
            iterator = iter(requests)
        except TypeError:
            message = f"requests {shown(requests)} are no list of keys. Give a list."
            raise FetchError(message) from None
        common = self.times(at)
        states = []
        for one in iterator:
            if not isinstance(one, tuple):
                states.append(FetchState(one, *common, self.entity(one)))
                continue
            if len(one) != 2:
                raise FetchError(f"request {shown(one)} is neither keys nor keys and a time.")
            keys, when = one
            states.append(FetchState(keys, *self.times(when), self.entity(keys)))
        return states

    def request(self, keys: Mapping[str, Any], at: Moment = None) -> FetchState:
        """Make a request that the steps can begin with.

        Raises KeyValueError or FetchError if the plan has no such keys, or the time is none.
        """
        at_ms, end_ms = self.times(at)
        return FetchState(keys, at_ms, end_ms, self.entity(keys))

    def times(self, at: Moment) -> tuple[int, int]:
        """Find the query time, and where reading ends.

        Raises FetchError if the time is none.
        """
        at_ms = moment_ms(at)
        return at_ms, at_ms + self.store.live_ahead_ms if at is None else at_ms

    def entity(self, keys: Mapping[str, Any]) -> str:
        """Write the text of keys.

        Raises KeyValueError for keys that the plan or the store cannot have.
        """
        text = self._encode(keys)
        if len(text) > self._longest:
            raise KeyValueError(
                f"the key has {len(text):,} characters when encoded; store {self.store.url} "
                f"allows {self._longest:,}. It can have no tiles: ask for a shorter key."
            )
        return text

    def batches(self, states: Sequence[FetchState]) -> Iterator[Sequence[FetchState]]:
        """Cut requests into batches whose tiles fit in memory."""
        for first in range(0, len(states), self._batch):
            yield states[first : first + self._batch]


def is_plain(features: Any, quality: Any, on_missing: Any, max_staleness: Any) -> bool:
    """Tell whether a request asks for nothing beyond all values.

    Whoever asks may give anything, some of which has no truth.
    """
    return features is None and quality is False and on_missing is None and max_staleness is None


def _names(plan: Plan) -> list[str]:
    return [feature.name for feature in plan.features] + [one.name for one in plan.derivations]


def _derivations(plan: Plan) -> Derivations | None:
    if not plan.derivations:
        return None
    from .derivations import Derivations  # imports DuckDB for those that need it

    return Derivations(plan)
