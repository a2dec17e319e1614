"""Answers plain requests by one call of the kernel.

That is where features need nothing but numbers and sketches, and the store is a file in the reach
of the kernel. It does what the steps do of reading, decoding and merging. What is not plain, such
as a damaged or an approximate tile, is left to the steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..plans.frozen import Frozen
from ..stores import Store
from ..stores.swept import swept_name
from .kernel_program import KernelProgram, KernelTiles
from .program import Program
from .schedule import Schedule

if TYPE_CHECKING:
    from .caching_reader import CachingReader
    from .context import FetchState

#: Covers by head level, the time before which a head is clean, and features in their order.
Asked = tuple[dict[int, Any], int, dict[str, Any]]
#: Features, and their quality.
Evaluated = tuple[dict[str, Any], dict[str, Any]]
#: What there is for each entity, None where the steps have to find it.
Found = list[Evaluated | None]

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
        """Prepare to answer directly, if the kernel can answer all features."""
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
        answers = self._find(entities, schedule, (heads, head_ms, program.template))
        if answers is None:
            return states
        left = []
        for state, answer in zip(states, answers, strict=True):
            if answer is None:
                left.append(state)
                continue
            state.schedule = schedule
            state.features, state.quality = answer
        return left

    def _find(self, entities: Sequence[str], schedule: Schedule, asked: Asked) -> Found | None:
        """Find the features of entities, or None for some."""
        native, table, ranges = self.kernel.native, self.program.plan.name, schedule.ranges
        if self.caching is not None:
            tiles = self.caching.decoded(self.program, ranges, entities)
            if tiles is None:
                return None
            if self.kernel.has_sketches:
                return [self._evaluated(one, schedule, asked) for one in tiles]
            return [None if one is None else native.features(one.native, *asked) for one in tiles]

        def work(tables: Any, number: int | None, swept: bytes) -> Found | None:
            features: Found | None = native.fetch(
                tables, number, table, swept, entities, ranges.native, *asked
            )
            return features

        return self.store.read_mapped(self.swept_name, work)

    def _evaluated(
        self, tiles: KernelTiles | None, schedule: Schedule, asked: Asked
    ) -> Evaluated | None:
        """Answer by tiles that are kept decoded, and by what is put together of them."""
        _, head_ms, template = asked
        if tiles is None or tiles.approximate:
            return None
        level_ms = tiles.head_level_ms(head_ms)
        if level_ms is None:
            return None
        features = template.copy()
        errors = self.kernel.evaluate(tiles, schedule.covers(level_ms), features)
        if errors is None:
            return None
        return features, {"max_error": errors} if errors else {}
