"""Decodes the records that a fetch read, with numpy."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from itertools import chain

from tilewright_compiler.plan.model import Plan

from ..tiles.keys import EVENTS, TILES, Kind, Range, level_bytes, ordered_prefix
from ..tiles.records import Names, RecordCodec
from .tiles import DecodedTiles, Run


class Decoder:
    """Decodes the tiles of one plan and checks their places."""

    def __init__(self, plan: Plan, codec: RecordCodec) -> None:
        self._table = plan.name
        self._codec = codec
        self._level_bytes = {one.size_ms: level_bytes(TILES, one.size_ms) for one in plan.levels}
        self._levels: list[tuple[Kind, int]] = [(TILES, size_ms) for size_ms in self._level_bytes]
        if plan.events is not None:
            self._levels.append((EVENTS, plan.events.size_ms))

    def identities(self, entity: str, ranges: Sequence[Range]) -> list[int]:
        """Make the identity of the tiles of each range."""
        prefix, level = ordered_prefix(self._table, entity), self._level_bytes
        identity_of = self._codec.key_identity
        return [identity_of(prefix + level[wanted.size_ms]) for wanted in ranges]

    def names(self, entity: str, name_of: Callable[[int], str]) -> Names:
        """Say what errors need to name an entity's records."""
        return Names(name_of, self._table, [entity], self._levels)

    def decode(
        self,
        entity: str,
        ranges: Sequence[Range],
        answers: Sequence[list[bytes]],
        name_of: Callable[[int], str],
    ) -> DecodedTiles:
        """Decode what the store gave for some ranges.

        Raises CorruptRecordError for a record that is damaged, or that is another tile's.
        """
        chunks: list[bytes] = []
        if ranges and ranges[-1].kind == EVENTS:  # chunks come after all levels
            levels = [index for index, wanted in enumerate(ranges) if wanted.kind == TILES]
            chunks = list(chain.from_iterable(answers[len(levels) :]))
            ranges, answers = ranges[: len(levels)], answers[: len(levels)]
        identities: list[int] = []
        for identity, part in zip(self.identities(entity, ranges), answers, strict=True):
            identities += [identity] * len(part)
        records = answers[0] if len(answers) == 1 else list(chain.from_iterable(answers))
        sound = self._codec.decode_sound(records, identities, padding=1)
        if sound is None:
            names = self.names(entity, name_of)
            sound = self._codec.decode_each(records, identities, names, padding=1)
        bounds: dict[int, Run] = {}
        first = 0
        for wanted, part in zip(ranges, answers, strict=True):
            last = first + len(part)
            if not _lie_within(wanted, sound.starts[first:last]):
                names = self.names(entity, name_of)
                self._codec.require_within(sound.rows, first, len(part), wanted, names)
            # The runs of a level follow one another, so its tiles are in order across them too.
            begin, _ = bounds.get(wanted.size_ms, (first, last))
            bounds[wanted.size_ms] = (begin, last)
            first = last
        tiles = DecodedTiles(sound.rows, sound.starts, bounds, records, chunks)
        tiles.approximate = sound.approximate
        return tiles


def _lie_within(wanted: Range, starts: Sequence[int]) -> bool:
    """Tell whether tiles lie in a range, in order."""
    if not starts:
        return True
    is_ordered = all(map(operator.lt, starts, starts[1:]))
    return is_ordered and wanted.start_ms <= starts[0] and starts[-1] < wanted.end_ms
