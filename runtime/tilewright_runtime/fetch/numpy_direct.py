"""Answers plain requests by numpy, without the steps.

It reads, decodes and merges as they do, by the same functions, and keeps nothing in between. What
is not plain is left to them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from ..stores import Store
from ..stores.base import Records
from ..stores.swept import swept_name
from .direct import Direct, Evaluated, Found
from .program import Program
from .schedule import Schedule


class NumpyDirect(Direct):
    """The program of some features, and its store."""

    program: Program
    store: Store
    most_tiles: int
    swept_names: tuple[str]

    @classmethod
    def of(cls, program: Program, store: Store, most_tiles: int | None) -> NumpyDirect | None:
        """Prepare to answer directly, if there are tiles and no raw events."""
        if program.kernel is not None or program.events is not None or not program.ladder_ms:
            return None
        most = sys.maxsize if most_tiles is None else most_tiles
        return cls(program, store, most, (swept_name(program.plan),))

    def find(
        self, entities: Sequence[str], schedule: Schedule, at_ms: int, end_ms: int
    ) -> Found | None:
        """Find the features of entities at the time of a schedule.

        None, or None for some, if the steps have to.
        """
        if schedule.most > self.most_tiles:
            return None
        ranges = schedule.ranges
        requests = [(entity, ranges) for entity in entities]
        read, documents = self.store.scan_with(self.program.plan.name, requests, self.swept_names)
        if documents[0] is not None:
            return None
        is_live = end_ms > at_ms
        return [
            self._evaluated(entity, records, schedule, at_ms, is_live)
            for entity, records in zip(entities, read, strict=True)
        ]

    def _evaluated(
        self, entity: str, records: Sequence[Records], schedule: Schedule, at_ms: int, is_live: bool
    ) -> Evaluated | None:
        program = self.program
        tiles = program.decoder.decode_sound(entity, schedule.ranges, records)
        if tiles is None:
            return None
        head_level_ms = program.ladder_ms[0] if is_live else program.head_level_ms(at_ms, tiles)
        if head_level_ms is None or tiles.approximate:
            return None
        features = program.template.copy()
        errors = program.evaluator.evaluate(tiles, schedule.covers(head_level_ms), features)
        quality: dict[str, Any] = {"max_error": errors} if errors else {}
        return features, quality
