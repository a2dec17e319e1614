"""The header of a record, read from bytes written out by hand."""

from __future__ import annotations

import pytest

from tilewright_runtime.tiles.header import precedence, start_of, version_of

#: flags 3, sequence 258, newest event 7, start -1
HEADER = (
    bytes([9, 9, 9, 9, 2, 3, 1, 6])
    + bytes(8)
    + bytes([2, 1, 0, 0, 0, 0, 0, 0])
    + bytes([7, 0, 0, 0, 0, 0, 0, 0])
    + b"\xff" * 8
    + bytes(8)
)


def with_rank(sequence: int, flags: int) -> bytes:
    """Write a header that differs from the one above in what ranks it."""
    return HEADER[:5] + bytes([flags]) + HEADER[6:16] + bytes([sequence]) + bytes(7) + HEADER[24:]


def test_a_record_ranks_by_sequence_and_flags() -> None:
    """The rank is word 2, then byte 5."""
    assert precedence(HEADER) == (258, 3)


@pytest.mark.parametrize(
    ("older", "newer"),
    [((1, 3), (2, 0)), ((1, 0), (1, 1)), ((1, 1), (1, 2)), ((1, 2), (1, 3))],
)
def test_more_events_or_flags_are_newer(older: tuple[int, int], newer: tuple[int, int]) -> None:
    """A larger sequence wins whatever the flags; at the same sequence more flags win."""
    assert precedence(with_rank(*older)) < precedence(with_rank(*newer))


@pytest.mark.parametrize("length", [0, 5, 23])
def test_a_torn_header_is_older_than_all(length: int) -> None:
    """What ends before the sequence does is older than a tile without events."""
    assert precedence(HEADER[:length]) < precedence(with_rank(0, 0))


def test_a_version_is_all_up_to_the_sequence() -> None:
    """Checksum, flags, identity and sequence tell contents apart; a torn record is its own."""
    assert version_of(HEADER) == HEADER[:16] + bytes([2, 1, 0, 0, 0, 0, 0, 0])
    assert (version_of(HEADER[:5]), version_of(b""), version_of(None)) == (HEADER[:5], b"", None)


def test_a_start_may_lie_before_1970() -> None:
    """The start is word 4, signed."""
    assert start_of(HEADER) == -1
