"""Answers plain requests by one call of the kernel.

That is where features need nothing but numbers and sketches, and the store is a file in the reach
of the kernel. It does what the steps do of reading, decoding and merging. What is not plain, such
as a damaged or an approximate tile, is left to the steps.
"""

from __future__ import annotations

import sys
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

#: Features, and their quality.
Evaluated = tuple[dict[str, Any], dict[str, Any]]
#: What there is for each entity, None where the steps have to find it; or what the kernel keeps of
#: many, until somebody looks.
Found = list[Evaluated | None] | Any

#: A time after all events: everything counts that is written.
_LATEST_MS = (1 << 63) - 1


class Direct(Frozen):
    """Answers requests without the steps."""

    program: Program

    def find(
        self, entities: Sequence[str], schedule: Schedule, at_ms: int, end_ms: int
    ) -> Found | None:
        """Find the features of entities at the time of a schedule.

        None, or None for some, if the steps have to.
        """
        raise NotImplementedError

    def answer(self, states: Sequence[FetchState]) -> Sequence[FetchState]:
        """Answer requests of one time.

        Returns those that the steps have to answer.
        """
        at_ms, end_ms = states[0].at_ms, states[0].end_ms
        for state in states:
            if state.at_ms != at_ms or state.end_ms != end_ms:
                return states
        schedule = self.program.schedule(at_ms, end_ms)
        answers = self.find([state.entity for state in states], schedule, at_ms, end_ms)
        if answers is None:
            return states
        if not isinstance(answers, list):
            return _answered_later(states, schedule, answers)
        left = []
        for state, answer in zip(states, answers, strict=True):
            if answer is None:
                left.append(state)
                continue
            state.schedule = schedule
            state.features, state.quality = answer
        return left


class KernelDirect(Direct):
    """The program of some features, and its store."""

    program: Program
    kernel: KernelProgram
    store: Store
    most_tiles: int
    swept_name: str
    caching: CachingReader | None
    """What keeps tiles decoded, if anything does."""

    @classmethod
    def of(
        cls, program: Program, store: Store, most_tiles: int | None, caching: CachingReader | None
    ) -> KernelDirect | None:
        """Prepare to answer directly, if the kernel can answer all features."""
        kernel = program.kernel
        if kernel is None or not kernel.is_whole or not program.ladder_ms:
            return None
        # No number allows for lifetimes, of which the steps find out how many tiles they have.
        most = sys.maxsize if most_tiles is None else most_tiles
        return cls(program, kernel, store, most, swept_name(program.plan), caching)

    def find(
        self, entities: Sequence[str], schedule: Schedule, at_ms: int, end_ms: int
    ) -> Found | None:
        """Find the features of entities at the time of a schedule.

        None, or None for some, if the steps have to.
        """
        if schedule.most > self.most_tiles:
            return None
        head_ms = _LATEST_MS if end_ms > at_ms else at_ms
        native, heads, template = self.kernel.native, schedule.natives, self.program.template
        if self.caching is not None:
            all_tiles = self.caching.decoded(self.program, schedule.ranges, entities)
            if all_tiles is None:
                return None
            answers: Found = []
            for tiles in all_tiles:
                if tiles is None:
                    answers.append(None)
                elif self.kernel.has_sketches:
                    answers.append(self._evaluated(tiles, schedule, head_ms))
                else:
                    answers.append(native.features(tiles.native, heads, head_ms, template))
            return answers
        table, ranges = self.program.plan.name, schedule.ranges.native

        def work(tables: Any, number: int | None, swept: bytes) -> Found | None:
            found: Found | None = native.fetch(
                tables, number, table, swept, entities, ranges, heads, head_ms, template
            )
            return found

        return self.store.read_mapped(self.swept_name, work)

    def _evaluated(self, tiles: KernelTiles, schedule: Schedule, head_ms: int) -> Evaluated | None:
        """Answer by tiles that are kept decoded, and by what is put together of them."""
        if tiles.approximate:
            return None
        level_ms = tiles.head_level_ms(head_ms)
        if level_ms is None:
            return None
        features = self.program.template.copy()
        errors = self.kernel.evaluate(tiles, schedule.covers(level_ms), features)
        if errors is None:
            return None
        return features, {"max_error": errors} if errors else {}


def _answered_later(
    states: Sequence[FetchState], schedule: Schedule, found: Any
) -> Sequence[FetchState]:
    """Answer requests by what the kernel keeps of them.

    Returns those that the steps have to answer.
    """
    for index, state in enumerate(states):
        state.schedule, state.later, state.quality = schedule, (found, index), {}
    left = [states[index] for index in found.left]
    for state in left:
        state.later = None
    return left
