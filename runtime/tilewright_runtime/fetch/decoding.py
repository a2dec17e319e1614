"""Decodes the records that a fetch read, with numpy."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, repeat

from tilewright_compiler.plan.model import Plan

from ..stores.base import Records
from ..stores.owners import Owners
from ..tiles.keys import EVENTS, TILES, Kind, Range
from ..tiles.records import Names, RecordCodec
from .tiles import DecodedTiles, Run


class Decoder:
    """Decodes the tiles of one plan and checks their places."""

    def __init__(self, plan: Plan, codec: RecordCodec, owners: Owners | None = None) -> None:
        self._table = plan.name
        self._codec = codec
        self._owners = owners
        self._levels: list[tuple[Kind, int]] = [(TILES, level.size_ms) for level in plan.levels]
        if plan.events is not None:
            self._levels.append((EVENTS, plan.events.size_ms))

    def names(self, entity: str, name_of: Callable[[int], str]) -> Names:
        """Say what errors need to name an entity's records."""
        owner_of = None if self._owners is None else partial(self._owners.find, levels=self._levels)
        return Names(name_of, self._table, [entity], self._levels, owner_of)

    def decode(
        self,
        entity: str,
        ranges: Sequence[Range],
        answers: Sequence[Records],
        name_of: Callable[[int], str],
    ) -> DecodedTiles:
        """Decode what the store gave for some ranges.

        Raises CorruptRecordError for a record that is damaged, or that is another tile's.
        """
        chunks: Sequence[bytes] = ()
        if ranges and ranges[-1].kind == EVENTS:  # chunks come after all levels
            count = sum(wanted.kind == TILES for wanted in ranges)
            chunks = list(chain.from_iterable(answers[count:]))
            ranges, answers = ranges[:count], answers[:count]
        records = answers[0] if len(answers) == 1 else list(chain.from_iterable(answers))
        own = self._codec.level_identities(self._table, entity, ranges)
        identities = list(chain.from_iterable(map(repeat, own, map(len, answers))))
        decoded = self._codec.decode_sound(records, identities, padding=1)
        if decoded is None:
            names = self.names(entity, name_of)
            decoded = self._codec.decode_each(records, identities, names, padding=1)
        rows, starts, approximate = decoded
        bounds: dict[int, Run] = {}
        first = 0
        for wanted, part in zip(ranges, answers, strict=True):
            size_ms, start_ms, end_ms, _, _ = wanted
            last = first + len(part)
            own_starts = starts[first:last]
            if part and not (start_ms <= own_starts[0] and _ascend(own_starts, end_ms)):
                names = self.names(entity, name_of)
                self._codec.require_within(rows, first, len(part), wanted, names)
            # The runs of a level follow one another, so its tiles are in order across them too.
            begin = bounds[size_ms][0] if size_ms in bounds else first
            bounds[size_ms] = (begin, last)
            first = last
        return DecodedTiles(rows, starts, bounds, records, chunks, approximate)


def _ascend(starts: list[int], end_ms: int) -> bool:
    """Tell whether each tile begins after the one before.

    The last one is to begin before the end.
    """
    return all(map(operator.lt, starts, [*starts[1:], end_ms]))
