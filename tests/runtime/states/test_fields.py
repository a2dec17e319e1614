"""Fields of changing length: pairs of tiles, the bounds of lists, and texts."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tilewright_runtime.states.fields import FieldCodec, lists, text_field


def test_pairs_are_merged_where_both_have_bytes() -> None:
    """Where one has none the other stays as it is, without being read; where both have none, so has
    the pair.
    """
    kind = FieldCodec(
        merge=lambda parts: b"+".join(parts),
        encode=lambda merged: merged + b"!",
        build=lambda column: [],
    )
    assert kind.merge_pairs([b"a", b"c", None, None], [b"b", None, b"d", None]) == [
        b"a+b!",
        b"c",
        b"d",
        None,
    ]
    with pytest.raises(ValueError):
        kind.merge_pairs([b"a"], [])


def test_the_bounds_of_lists() -> None:
    """In the flat values; an empty list has bounds, a missing one none; of a part of a column
    too.
    """
    column = pa.array([[1, 2], None, [], [3]])
    assert list(lists(column)) == [(0, 2), None, (2, 2), (2, 3)]
    assert list(lists(column.slice(2))) == [(2, 2), (2, 3)]


def test_texts_are_kept_as_their_bytes() -> None:
    """As UTF-8, and one of them is the merged one."""
    kind = text_field(max)
    assert kind.build(pa.array(["é", None, ""])) == ["é".encode(), None, b""]
    assert kind.encode(kind.merge([b"b", b"c", b"a"])) == b"c"
