"""Exact states: their bytes are those of the values alone, whatever order they came in, and are
what is documented.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.examples import few
from support.finalizing import state_of
from tilewright_runtime.states.base import StateType
from tilewright_runtime.states.kinds import exact, lists

TYPES = {"BIGINT": pa.int64(), "DOUBLE": pa.float64(), "VARCHAR": pa.string()}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "BIGINT": st.integers(-3, 3) | st.sampled_from([2**63 - 1, -(2**63)]),
    "DOUBLE": st.sampled_from([0.0, -0.0, 0.5, -1e308, math.inf, -math.inf, math.nan]),
    "VARCHAR": st.sampled_from(["", "a", "a\0", "\0", "é", "\uffff", "\N{GRINNING FACE}"]),
}
#: Those of the two families that keep entries.
KINDS = [*exact.KINDS, *lists.KINDS]
TIMED, COUNTED = {"first_k", "last_k"}, {"histogram"}


def functions_of(kind: str, type_: str, k: int = 2) -> StateType:
    params: dict[str, int | str] = {} if kind in ("unique", "histogram") else {"k": k}
    return state_of(kind, type_, params, field="entries")


def column(kind: str, type_: str, tiles: Sequence[Any]) -> pa.Array:
    """What the tile query gives for some tiles: lists of values, of (time, value), or maps."""
    if kind in TIMED:
        pairs = [None if tile is None else [{"t": t, "x": x} for t, x in tile] for tile in tiles]
        return pa.array(pairs, pa.list_(pa.struct([("t", pa.int64()), ("x", TYPES[type_])])))
    if kind in COUNTED:
        return pa.array(
            [None if tile is None else [(x, n) for n, x in tile] for tile in tiles],
            pa.map_(TYPES[type_], pa.uint64()),
        )
    return pa.array(
        [None if tile is None else [x for _, x in tile] for tile in tiles], pa.list_(TYPES[type_])
    )


def built(kind: str, type_: str, pairs: Sequence[tuple[int, Any]]) -> bytes:
    (part,) = functions_of(kind, type_).from_column(column(kind, type_, [pairs]))
    assert part is not None
    return part


def integers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}q", *values)


@pytest.mark.parametrize(
    ("kind", "type_", "pairs", "expected"),
    [
        ("unique", "BIGINT", [(0, 7), (0, -1), (0, 7)], b"\2\0\0\0" + integers(-1, 7)),
        (
            "unique",
            "DOUBLE",
            [(0, math.nan), (0, -0.0), (0, 0.0)],
            b"\2\0\0\0" + struct.pack("<2d", 0.0, math.nan),
        ),
        (
            "unique",
            "VARCHAR",
            [(0, "é"), (0, ""), (0, "b")],
            b"\3\0\0\0" + struct.pack("<3I", 0, 1, 2) + b"b\xc3\xa9",
        ),
        ("bounded", "BIGINT", [(0, 9), (0, 5), (0, 7), (0, 5)], b"\2\0\0\0" + integers(5, 7)),
        (
            "histogram",
            "VARCHAR",
            [(3, "b"), (1, "a")],
            b"\2\0\0\0" + integers(1, 3) + struct.pack("<2I", 1, 1) + b"ab",
        ),
        ("largest_k", "BIGINT", [(0, 1), (0, 9), (0, 9)], b"\2\0\0\0" + integers(9, 9)),
        (
            "largest_k",
            "DOUBLE",
            [(0, math.inf), (0, math.nan), (0, 1.0)],
            b"\2\0\0\0" + struct.pack("<2d", math.nan, math.inf),
        ),
        ("smallest_k", "BIGINT", [(0, 9), (0, 1), (0, 5)], b"\2\0\0\0" + integers(1, 5)),
        ("first_k", "BIGINT", [(60, 1), (50, 2), (50, 3)], b"\2\0\0\0" + integers(50, 50, 3, 2)),
        ("last_k", "BIGINT", [(60, 1), (50, 2), (50, 3)], b"\2\0\0\0" + integers(60, 50, 1, 3)),
        ("last_k", "VARCHAR", [(5, "x")], b"\1\0\0\0" + integers(5) + struct.pack("<I", 1) + b"x"),
        ("unique", "BIGINT", [], b"\0\0\0\0"),
    ],
)
def test_the_bytes_of_a_state(
    kind: str, type_: str, pairs: list[tuple[int, Any]], expected: bytes
) -> None:
    """The encoding is the documented one, little-endian on every machine, and decodes to what was
    encoded.
    """
    assert built(kind, type_, pairs) == expected
    functions = functions_of(kind, type_)
    assert functions.encode(functions.merge([expected])) == expected


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_bytes_do_not_depend_on_the_order_of_arrival(kind: str, type_: str) -> None:
    """However events are ordered, split and merged, the same events make the same bytes, and no
    part is changed.
    """
    numbers = st.integers(1, 3)

    @few(40)
    @given(st.lists(st.tuples(numbers, VALUES[type_]), min_size=1, max_size=9), st.data())
    def check(pairs: list[tuple[int, Any]], data: st.DataObject) -> None:
        functions = functions_of(kind, type_)
        shuffled = data.draw(st.permutations(pairs))
        cut, other_cut = sorted(
            data.draw(st.lists(st.integers(0, len(pairs)), min_size=2, max_size=2))
        )
        parts = [
            built(kind, type_, part)
            for part in (shuffled[:cut], shuffled[cut:other_cut], shuffled[other_cut:])
        ]
        before = [bytes(bytearray(part)) for part in parts]
        at_once = functions.encode(functions.merge(parts))
        in_steps = functions.encode(
            functions.merge([functions.encode(functions.merge(parts[1:])), parts[0]])
        )
        assert at_once == in_steps == built(kind, type_, pairs)
        assert parts == before

    check()


@pytest.mark.parametrize("kind", KINDS)
def test_a_tile_without_values_has_no_bytes(kind: str) -> None:
    """Null stays null beside tiles that have values."""
    found = functions_of(kind, "VARCHAR").from_column(
        column(kind, "VARCHAR", [None, [(1, "a")], None, [(1, "b"), (2, "a")]])
    )
    assert [part is None for part in found] == [True, False, True, False]


def test_a_bounded_set_stops_growing() -> None:
    """It never holds more than k values, and which they are is decided by the values, not by who
    came first.
    """
    functions = functions_of("bounded", "BIGINT", k=5)
    parts = functions.from_column(
        column(
            "bounded",
            "BIGINT",
            [[(0, x) for x in range(start, start + 100)] for start in range(0, 1000, 50)],
        )
    )
    merged = functions.merge([part for part in parts if part is not None])
    assert merged.values.tolist() == [0, 1, 2, 3, 4]
    assert {len(part or b"") for part in parts} == {4 + 5 * 8}


def test_nan_is_one_value_whatever_its_bits() -> None:
    """Two NaNs of different bits make a set of one, with the bits that every writer gives it."""
    other = struct.unpack("<d", struct.pack("<Q", 0xFFF8_0000_0000_0007))[0]
    assert built("unique", "DOUBLE", [(1, other)]) == built(
        "unique", "DOUBLE", [(1, math.nan), (2, other)]
    )
