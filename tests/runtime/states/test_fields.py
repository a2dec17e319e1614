"""Fields of changing length: pairs and runs of tiles, the bounds of lists, and texts."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest

from tilewright_runtime.states.fields import FieldCodec, encode_texts, list_bounds


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
