"""Checks records against their keys.

The plan that they were written by is not needed.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import CorruptRecordError
from ..tiles.header import HEADER_WORDS, SEQUENCE, SIZES
from ..tiles.keys import Kind, TileKeys
from ..tiles.layout import Layout, Variable
from ..tiles.records import RECORD_VERSION, Names, RecordCodec

_STORED_BYTES = struct.Struct(f"<{8 * SIZES}xI")


@dataclass(frozen=True)
class Checked:
    """What was found of some records."""

    events: int
    """The events in those that are sound."""
    damaged: Sequence[tuple[int, str]]
    """The index of each of the others, and what is wrong with it."""


class RecordCheck:
    """Checks the records of a plan's fingerprint."""

    def __init__(self, fingerprint: int) -> None:
        self._fingerprint = fingerprint
        self._codecs: dict[int, RecordCodec] = {}

    def check(
        self, keys: TileKeys, records: Sequence[bytes], levels: Sequence[tuple[Kind, int]]
    ) -> Checked:
        """Check records that stand under these keys.

        `levels` may be those of misplaced ones.
        """
        codec = self._codec(_fixed_words(records))
        names = Names(keys.name, keys.table, keys.entities, levels)
        identities = codec.identities.of(keys).tolist()
        try:
            return Checked(_events(codec, keys.starts_ms, records, identities, names), ())
        except CorruptRecordError:
            return self._one_by_one(codec, keys, records, identities, levels)

    def _one_by_one(
        self,
        codec: RecordCodec,
        keys: TileKeys,
        records: Sequence[bytes],
        identities: Sequence[int],
        levels: Sequence[tuple[Kind, int]],
    ) -> Checked:
        events, damaged = 0, []
        for i, record in enumerate(records):
            alone = keys.take(np.array([i]))
            names = Names(alone.name, keys.table, keys.entities, levels)
            try:
                own = identities[i : i + 1]
                events += _events(codec, alone.starts_ms, [record], own, names)
            except CorruptRecordError as error:
                # What to do about it is said once, of all.
                reason, *_ = str(error).removeprefix(f"{alone.name(0)}: ").split(". ")
                damaged.append((i, reason.removesuffix(".")))
        return Checked(events, damaged)

    def _codec(self, words: int) -> RecordCodec:
        """Make the codec of records with so many fixed words.

        They stand before the variable part.
        """
        if words not in self._codecs:
            layout = Layout(
                words=words,
                names={},
                dtypes={},
                slabs=(),
                states={},
                variable=(Variable("all", "all", words - 1),),
                limbs=(),
                fingerprint=self._fingerprint,
                record_version=RECORD_VERSION,
                compression="snappy",
            )
            self._codecs[words] = RecordCodec(layout)
        return self._codecs[words]


def _fixed_words(records: Sequence[bytes]) -> int:
    """Count the words before the variable part.

    They are those of most of the records.
    """
    sizes: Counter[int] = Counter()
    for record in records:
        if len(record) >= 8 * HEADER_WORDS:
            sizes[len(record) - _STORED_BYTES.unpack_from(record)[0]] += 1
    for size, _ in sizes.most_common():
        if size >= 8 * HEADER_WORDS and size % 8 == 0:
            return size // 8
    return HEADER_WORDS


def _events(
    codec: RecordCodec,
    starts_ms: Sequence[int],
    records: Sequence[bytes],
    identities: Sequence[int],
    names: Names,
) -> int:
    """Count the events of readable records."""
    rows = codec.decode(records, identities, names)
    codec.require_starts(rows, starts_ms, names)
    for i, (record, row) in enumerate(zip(records, rows, strict=True)):
        try:
            codec.variable(record, row)
        except (OSError, ValueError, OverflowError):
            raise CorruptRecordError(f"{names.name_of(i)}: it cannot be unpacked.") from None
    return int(rows[:, SEQUENCE].sum())
