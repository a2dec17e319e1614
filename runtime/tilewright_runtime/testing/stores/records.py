"""Records, keys and ranges that tests of stores use."""

from __future__ import annotations

from ...tiles.header import PRECEDENCE
from ...tiles.keys import Range, TileKeys
from ...times import EARLIEST_MS

HOUR = 3_600_000
DAY = 24 * HOUR
#: 2024-01-04T00:00:00Z.
BASE = 1_704_326_400_000
COMPLETE, APPROXIMATE = 1, 2

#: Names that mean something to some store or other, or to those who write them into keys.
HOSTILE = [
    "s=",
    "s=a",
    "s=aa",
    "s=a,i=1",
    "s=a%00",
    "s=a::1h::2024010400",
    "s=a}::1h::2024010400",
    "s={b}",
    "{",
    "s=*?[a]",
    "s=a b\r\nDEL x\t",
    "s='\"\\",
    "s=é",
    "s=\N{GRINNING FACE}",
    "first",
]


def record(sequence: int, body: bytes = b"", flags: int = 0) -> bytes:
    """Write a header with what a store may read.

    The rest of the record may be anything.
    """
    return PRECEDENCE.pack(flags, sequence) + body


def tiles(*hours: int, entity: str = "s=a", table: str = "t", size_ms: int = HOUR) -> TileKeys:
    """Key some tiles of one entity by their distance.

    The distance is counted in tiles from the base.
    """
    return TileKeys(
        table, size_ms, [entity], [0] * len(hours), [BASE + hour * size_ms for hour in hours]
    )


def span(begin: int, end: int, size_ms: int = HOUR) -> Range:
    """Name the tiles in [begin, end), counted from the base."""
    return Range(size_ms, BASE + begin * size_ms, BASE + end * size_ms)


def from_the_beginning(size_ms: int = HOUR) -> Range:
    """Name all tiles of a level, as a lifetime does."""
    start_ms = EARLIEST_MS // size_ms * size_ms
    return Range(size_ms, start_ms, BASE + 1000 * size_ms, lifetime=True)
