"""Answers plain requests by one call of the kernel.

That is where features need nothing but numbers, and the store is a file in the reach of the kernel.
It does what the steps do of reading, decoding and merging. What is not plain, such as a damaged or
an approximate tile, is left to the steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..plans.frozen import Frozen
from ..stores import Store
from ..stores.swept import swept_name
from ..tiles.keys import Ranges
from .kernel_program import KernelProgram
from .program import Program

if TYPE_CHECKING:
    from .caching_reader import CachingReader
    from .context import FetchState

#: Covers by head level, the time before which a head is clean, and features in their order.
Asked = tuple[dict[int, Any], int, dict[str, Any]]
#: The features of each entity, None where the steps have to find them.
Found = list[dict[str, Any] | None]

#: A time after all events: everything counts that is written.
_LATEST_MS = (1 << 63) - 1


class Direct(Frozen):
    """The program of some features, and its store."""

    program: Program
    kernel: KernelProgram
    store: Store
    most_tiles: float
    swept_name: str
    caching: CachingReader | None
    """What keeps tiles decoded, if anything does."""

    @classmethod
    def of(
        cls, program: Program, store: Store, most_tiles: int | None, caching: CachingReader | None
    ) -> Direct | None:
        """Prepare to answer directly, if all features are numbers."""
        kernel = program.kernel
        if kernel is None or not kernel.is_whole or not program.ladder_ms:
            return None
        most = math.inf if most_tiles is None else most_tiles
        return cls(program, kernel, store, most, swept_name(program.plan), caching)

    def answer(self, states: Sequence[FetchState]) -> Sequence[FetchState]:
        """Answer requests of one time.

        Returns those that the steps have to answer.
        """
        at_ms, end_ms = states[0].at_ms, states[0].end_ms
        for state in states:
            if state.at_ms != at_ms or state.end_ms != end_ms:
                return states
        program = self.program
        schedule = program.schedule(at_ms, end_ms)
        if schedule.most > self.most_tiles:
            return states
        schedule.covers(program.ladder_ms[0])
        heads = schedule.natives(self.kernel.native_covers)
        head_ms = _LATEST_MS if end_ms > at_ms else at_ms
        entities = [state.entity for state in states]
        answers = self._find(entities, schedule.ranges, (heads, head_ms, program.template))
        if answers is None:
            return states
        left = []
        for state, features in zip(states, answers, strict=True):
            if features is None:
                left.append(state)
                continue
            state.schedule, state.features, state.quality = schedule, features, {}
        return left

    def _find(self, entities: Sequence[str], ranges: Ranges, asked: Asked) -> Found | None:
        """Find the features of entities, or None for some."""
        native, table = self.kernel.native, self.program.plan.name
        if self.caching is not None:
            tiles = self.caching.decoded(self.program, ranges, entities)
            if tiles is None:
                return None
            return [None if one is None else native.features(one.native, *asked) for one in tiles]

        def work(tables: Any, number: int | None, swept: bytes) -> Found | None:
            features: Found | None = native.fetch(
                tables, number, table, swept, entities, ranges.native, *asked
            )
            return features

        return self.store.read_mapped(self.swept_name, work)
