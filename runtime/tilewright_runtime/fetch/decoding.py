"""Decodes the records that a fetch read, with numpy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain

from tilewright_compiler.plan.model import Plan

from ..stores.base import Records
from ..stores.owners import Owners
from ..tiles.keys import EVENTS, TILES, Kind, Range
from ..tiles.layout import rows_of
from ..tiles.records import Names, RecordCodec
from .standing import standing_of
from .tiles import DecodedTiles


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
        sound = self.decode_sound(entity, ranges, answers, chunks)
        return sound or self._decode_each(entity, ranges, answers, chunks, name_of)

    def decode_sound(
        self,
        entity: str,
        ranges: Sequence[Range],
        answers: Sequence[Records],
        chunks: Sequence[bytes] = (),
    ) -> DecodedTiles | None:
        """Decode as `decode` does, if all records of tiles are sound.

        None if each has to be looked at.
        """
        records = answers[0] if len(answers) == 1 else list(chain.from_iterable(answers))
        counts = tuple(map(len, answers))
        identities = self._codec.identities.words(self._table, entity, ranges, counts)
        decoded = self._codec.decode_sound(records, identities, padding=1)
        if decoded is None:
            return None
        columns, starts, approximate = decoded
        standing = standing_of(ranges, counts, starts)
        if standing is None:
            return None
        return DecodedTiles(columns, standing, records, chunks, approximate)

    def _decode_each(
        self,
        entity: str,
        ranges: Sequence[Range],
        answers: Sequence[Records],
        chunks: Sequence[bytes],
        name_of: Callable[[int], str],
    ) -> DecodedTiles:
        records = list(chain.from_iterable(answers))
        counts = tuple(map(len, answers))
        identities = self._codec.identities.words(self._table, entity, ranges, counts)
        names = self.names(entity, name_of)
        decoded = self._codec.decode_each(records, identities, names, padding=1)
        columns, starts, approximate = decoded
        rows = rows_of(columns)
        first = 0
        for wanted, count in zip(ranges, counts, strict=True):
            self._codec.require_within(rows, first, count, wanted, names)
            first += count
        standing = standing_of(ranges, counts, starts)
        assert standing is not None, "tiles within their ranges, in order, stand somewhere"
        return DecodedTiles(columns, standing, records, chunks, approximate)
