"""Fields of changing length: pairs and runs of tiles, the bounds of lists, and texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from tilewright_runtime.states.fields import BytesColumn, FieldCodec, encode_texts, list_bounds


class Joined(FieldCodec):
    """Parts joined by a plus sign, and marked once they were merged."""

    def merge(self, parts: Sequence[bytes], /) -> bytes:
        return b"+".join(parts)

    def encode(self, merged: bytes, /) -> bytes:
        return merged + b"!"


def test_pairs_are_merged_where_both_have_bytes() -> None:
    """Where one tile has none, the other's bytes stay as they are."""
    older, newer = [b"a", b"c", None, None], [b"b", None, b"d", None]
    assert Joined().merge_pairs(older, newer) == [b"a+b!", b"c", b"d", None]
    with pytest.raises(ValueError):
        Joined().merge_pairs([b"a"], [])


def test_a_run_is_merged_at_once() -> None:
    """Tiles without bytes are passed over, and what stands alone stays as it is."""
    assert Joined().merge_run([b"a", None, b"b", b"c"]) == b"a+b+c!"
    assert Joined().merge_run([None, b"a"]) == b"a"
    assert Joined().merge_run([None, None]) is None


def test_the_bounds_of_lists() -> None:
    """In the flat values; an empty list has bounds, a missing one none; of a part of a column
    too.
    """
    column = pa.array([[1, 2], None, [], [3]])
    assert list(list_bounds(column)) == [(0, 2), None, (2, 2), (2, 3)]
    assert list(list_bounds(column.slice(2))) == [(2, 2), (2, 3)]


def test_texts_are_kept_as_their_bytes() -> None:
    """A text is encoded as UTF-8, a missing one stays missing."""
    assert encode_texts(pa.array(["é", None, ""])) == ["é".encode(), None, b""]


def test_bytes_of_a_column_stay_at_their_tiles() -> None:
    """Those of the content and those added later, in the whole and in a part of it."""
    content = np.frombuffer(b"abcd", np.uint8)
    is_there = np.array([True, False, True, False, False])
    column = BytesColumn(content, np.array([0, 1, 1, 4, 4, 4]), is_there, {})
    full = column.with_others({3: b"xyz"}).with_others({1: b"xy"})
    assert list(full) == [b"a", b"xy", b"bcd", b"xyz", None]
    assert full.lengths().tolist() == [1, 2, 3, 3, -1]
    assert full.is_made().tolist() == [True, True, True, True, False]
    assert list(full.part(1, 3)) == [b"xy", b"bcd"]
    assert list(full.part(1, 4).part(1, 3)) == [b"bcd", b"xyz"]


def test_bytes_of_a_column_are_replaced_at_some_tiles() -> None:
    """The others stay, what was replaced before may be again, and a tile may lose its bytes."""
    content, is_there = np.frombuffer(b"abcd", np.uint8), np.array([True, False, True, True])
    column = BytesColumn(content, np.array([0, 1, 1, 3, 4]), is_there, {1: b"x"})
    replaced = column.replaced([2, 1, 0], [b"new", b"other", None])
    assert list(replaced) == [None, b"other", b"new", b"d"]
    assert replaced.lengths().tolist() == [-1, 5, 3, 1]
    assert list(replaced.part(1, 3)) == [b"other", b"new"]
    assert list(column) == [b"a", b"x", b"bc", b"d"]
