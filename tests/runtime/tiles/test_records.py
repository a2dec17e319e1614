"""Records: blocks to bytes and back, and what is refused of bytes that are not what was written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.examples import few
from support.kernels import numpy_only
from support.plans import AT, aggregations, plan_of
from support.records import decoded, encoded, keys_of, names_of
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.errors import CorruptRecordError
from tilewright_runtime.tiles.block import APPROXIMATE, COMPLETE, Block
from tilewright_runtime.tiles.header import NEWEST, SEQUENCE, STAMP, START
from tilewright_runtime.tiles.keys import EVENTS, TILES
from tilewright_runtime.tiles.layout import Layout, layout_of
from tilewright_runtime.tiles.records import Names, RecordCodec, is_intact

FINGERPRINT = "f123456789abcdef"
INT64 = st.integers(-(2**63), 2**63 - 1)
BYTES = (
    st.none()
    | st.binary(max_size=40)
    | st.binary(min_size=1, max_size=4).map(lambda part: part * 200)
)


@cache
def plan() -> Plan:
    """Every kind of column and of variable field; the fingerprint is fixed so that records are."""
    numbers = [
        Operation.COUNT,
        Operation.SUM,
        Operation.MIN,
        Operation.MAX,
        Operation.FIRST,
        Operation.LAST,
    ]
    made = plan_of(
        {"k": "string", "n": "bigint", "x": "double", "t": "string"},
        ["k"],
        [
            *aggregations("n", [*numbers, Operation.TOP_K(2), Operation.APPROX_UNIQUE_COUNT]),
            *aggregations("x", [*numbers, Operation.APPROX_PERCENTILE([0.5])]),
            *aggregations("t", [Operation.MIN, Operation.LAST]),
        ],
    )
    return made.model_copy(update={"storage_fingerprint": FINGERPRINT})


@cache
def small_plan() -> Plan:
    """A count, an exact sum and a text."""
    made = plan_of(
        {"k": "string", "n": "bigint", "t": "string"},
        ["k"],
        [*aggregations("n", [Operation.SUM]), *aggregations("t", [Operation.MAX])],
    )
    return made.model_copy(update={"storage_fingerprint": FINGERPRINT})


def name_of(place: int) -> str:
    return f"tile number {place}"


def decode(codec: RecordCodec, records: Sequence[bytes]) -> None:
    """Decodes records as those of one entity, whatever they say."""
    (identity,) = codec.identities.of(keys_of([0]))
    levels = [(TILES, 300_000), (TILES, 3_600_000), (EVENTS, 300_000)]
    names = Names(name_of, "things", ["s=a", "s=b"], levels)
    codec.decode(records, [identity] * len(records), names)


@st.composite
def blocks(draw: st.DrawFn, layout: Layout) -> Block:
    """Blocks of any content: every number and every run of bytes that a record can hold."""
    count = draw(st.integers(1, 4))
    rows = np.zeros((count, layout.words), dtype=np.int64)
    for row in rows:
        row[SEQUENCE:] = draw(
            st.lists(INT64, min_size=layout.words - SEQUENCE, max_size=layout.words - SEQUENCE)
        )
        row[STAMP] = draw(st.sampled_from([0, COMPLETE, APPROXIMATE, COMPLETE | APPROXIMATE]))
        for _, low in layout.limbs:
            row[low] &= (1 << 32) - 1
    return Block(
        rows,
        {
            field.name: draw(st.lists(BYTES, min_size=count, max_size=count))
            for field in layout.variable
        },
    )


@few(2)
@given(st.data(), st.sampled_from(["none", "snappy"]))
def test_a_block_comes_back_as_it_was(data: st.DataObject, compression: str) -> None:
    """Encoding and decoding keeps every number, every flag and every byte, compressed or not, and
    the kernel encodes as numpy does.
    """
    layout = layout_of(
        plan().model_copy(
            update={
                "tile_layout": plan().tile_layout.model_copy(update={"compression": compression})
            }
        )
    )
    codec = RecordCodec(layout)
    block = data.draw(blocks(layout))
    before = block.rows.copy()
    with numpy_only():
        reference = encoded(codec, block)
    assert encoded(codec, block) == reference
    back = decoded(codec, encoded(codec, block))
    numbers = [SEQUENCE, NEWEST, START, *layout.names.values()]
    assert (block.rows == before).all()
    assert (back.rows[:, numbers] == before[:, numbers]).all()
    assert (back.rows[:, STAMP] & (COMPLETE | APPROXIMATE) == before[:, STAMP]).all()
    assert back.variable == block.variable


@given(st.integers(-(2**62), 2**62), st.integers(-(2**62), 2**62))
def test_sums_keep_their_value_when_their_parts_are_evened_out(high: int, low: int) -> None:
    """An integer sum is high * 2**32 + low; a record holds it with 0 <= low < 2**32, so that
    merging cannot overflow.
    """
    layout = layout_of(small_plan())
    codec = RecordCodec(layout)
    rows = np.zeros((1, layout.words), dtype=np.int64)
    ((high_word, low_word),) = layout.limbs
    rows[0, [high_word, low_word]] = high >> 2, low
    block = Block(rows, {field.name: [None] for field in layout.variable})
    back = decoded(codec, encoded(codec, block)).rows[0]
    assert 0 <= back[low_word] < 1 << 32
    assert int(back[high_word]) * 2**32 + int(back[low_word]) == (high >> 2) * 2**32 + low


#: The same tile in version 1, which is bound to no key.
OLD = bytes.fromhex(
    "48f1d23c01010006"  # checksum, version 1, flags 1 (complete), no compression, 6 words of header
    "efcdab89674523f1"  # storage fingerprint
    "0300000000000000"  # three events
    "8754e8d48c010000"  # the newest at 14:37:24.999
    "408ae1d48c010000"  # the tile begins at 14:30
    "0200000002000000"  # 2 bytes of text as stored, 2 uncompressed
    "ffffffffffffffff"  # sum_n.hi = -1
    "fbffffff00000000"  # sum_n.lo = 2**32 - 5: together -5
    "0300000000000000"  # count_n.n = 3
    "0100000000000000"  # count_t.n = 1
    "0200000000000000"  # max_t.value has 2 bytes
    "6162            "  # "ab"
)


#: A tile of `small_plan`, word by word as records.py documents it: of s=a in things at 5m.
GOLDEN = (
    bytes.fromhex(
        "ebfce89802010006"  # checksum, version 2; the rest as in version 1
        "36dbd211c1e8c0e1"  # fingerprint XOR XXH64 of things, NUL, s=a, NUL, size in 8 bytes
    )
    + OLD[16:]
)


@pytest.mark.parametrize("record", [GOLDEN, OLD], ids=["version 2", "version 1"])
def test_fixed_bytes_have_a_fixed_meaning(record: bytes) -> None:
    """These bytes, committed here, are read by every later version as the same tile."""
    layout = layout_of(small_plan())
    block = decoded(RecordCodec(layout), [record])
    row = block.rows[0]
    assert (row[SEQUENCE], row[NEWEST], row[START]) == (3, AT - 1, 1_704_378_600_000)
    assert row[STAMP] & (COMPLETE | APPROXIMATE) == COMPLETE
    assert [int(row[word]) for word in layout.names.values()] == [-1, 2**32 - 5, 3, 1]
    assert block.variable == {"max_t.value": [b"ab"]}


@pytest.mark.parametrize("record", [GOLDEN, OLD], ids=["version 2", "version 1"])
def test_the_same_tile_has_the_same_bytes(record: bytes) -> None:
    """Encoding what the fixed bytes mean gives those of version 2, on every machine."""
    codec = RecordCodec(layout_of(small_plan()))
    assert encoded(codec, decoded(codec, [record])) == [GOLDEN]


def test_a_header_and_a_number_are_whole_words() -> None:
    """What numpy views is a multiple of 8 bytes, whatever the plan."""
    for layout in (layout_of(plan()), layout_of(small_plan())):
        assert layout.fixed_bytes % 8 == 0


def sketch_record() -> bytes:
    """A record with long and compressed variable fields."""
    layout = layout_of(plan())
    rows = np.arange(layout.words, dtype=np.int64)[None, :].copy()
    rows[:, STAMP] = 0
    block = Block(rows, {field.name: [b"abcd" * 20] for field in layout.variable})
    return encoded(RecordCodec(layout), block)[0]


@pytest.mark.parametrize("which", ["small", "old", "sketches"])
def test_every_flipped_bit_is_noticed(which: str) -> None:
    """No single bit of a record, in header, numbers, lengths or sketches, can change without an
    error.
    """
    codec, record = (
        (RecordCodec(layout_of(small_plan())), OLD if which == "old" else GOLDEN)
        if which != "sketches"
        else (RecordCodec(layout_of(plan())), sketch_record())
    )
    for bit in range(len(record) * 8):
        damaged = bytearray(record)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CorruptRecordError):
            decode(codec, [bytes(damaged)])


@pytest.mark.parametrize(
    "length", [0, 1, 47, 48, len(GOLDEN) - 8, len(GOLDEN) - 1, len(GOLDEN) + 1, len(GOLDEN) + 8]
)
def test_a_record_of_another_length_is_refused(length: int) -> None:
    """A record that was cut, or to which bytes were added, is damaged."""
    with pytest.raises(CorruptRecordError):
        decode(RecordCodec(layout_of(small_plan())), [(GOLDEN + bytes(8))[:length]])


def test_two_damages_do_not_even_out() -> None:
    """Bytes that moved from one record to the next are noticed, although their lengths together are
    right.
    """
    with pytest.raises(CorruptRecordError):
        decode(RecordCodec(layout_of(small_plan())), [GOLDEN[:-2], GOLDEN + b"ab"])


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param(GOLDEN, True, id="as written"),
        pytest.param(GOLDEN[:-1] + b"\xfe", False, id="another byte"),
        pytest.param(GOLDEN[:47], False, id="cut within its header"),
        pytest.param(b"", False, id="empty"),
        pytest.param(OLD, False, id="of another version"),
    ],
)
def test_intact_records_are_told_from_damaged_ones(record: bytes, expected: bool) -> None:
    """Only the plan's fingerprint is needed to tell."""
    assert is_intact(record, layout_of(small_plan()).fingerprint) is expected


def test_a_damaged_record_is_named() -> None:
    """The error is that of the damaged tile, not of its neighbours, and says that nothing was
    merged from it.
    """
    damaged = GOLDEN[:60] + b"\xff" + GOLDEN[61:]
    with pytest.raises(
        CorruptRecordError, match=r"^tile number 1: the checksum .* Nothing was merged"
    ):
        decode(RecordCodec(layout_of(small_plan())), [GOLDEN, damaged, GOLDEN])


def test_another_version_is_named() -> None:
    """A record of a later format is not taken for a damaged one."""
    with pytest.raises(
        CorruptRecordError,
        match="tile number 0: record version 9, but this version of Tilewright reads 1 and 2",
    ):
        decode(RecordCodec(layout_of(small_plan())), [GOLDEN[:4] + b"\x09" + GOLDEN[5:]])


def test_another_plans_record_is_named() -> None:
    """A record that a plan with other states wrote is refused with both fingerprints."""
    other = small_plan().model_copy(update={"storage_fingerprint": "0000000000000001"})
    with pytest.raises(
        CorruptRecordError, match=f"fingerprint {FINGERPRINT}, not 0000000000000001"
    ):
        decode(RecordCodec(layout_of(other)), [OLD])
    with pytest.raises(CorruptRecordError, match="the checksum of this tile is wrong"):
        decode(RecordCodec(layout_of(other)), [GOLDEN])


def test_compression_is_only_used_where_it_saves_a_quarter() -> None:
    """Bytes that cannot be compressed are stored as they are, and so are those that shrink by
    little: each fetch would pay for it.
    """
    layout = layout_of(small_plan())
    rows = np.zeros((1, layout.words), dtype=np.int64)
    noise = np.random.default_rng(1).bytes(500)
    sizes = [
        len(encoded(RecordCodec(layout), Block(rows, {"max_t.value": [part]}))[0])
        for part in (noise, b"a" * 500, noise[:400] + b"a" * 100)
    ]
    assert sizes[0] == layout.fixed_bytes + 500
    assert sizes[1] < layout.fixed_bytes + 100
    assert sizes[2] == layout.fixed_bytes + 500


@few(4)
@given(st.data())
def test_marking_records_complete_is_encoding_them_so(data: st.DataObject) -> None:
    """What is marked afterwards has the bytes of a tile that was encoded as complete; the others
    stay as they are.
    """
    codec = RecordCodec(layout_of(plan()))
    block = data.draw(blocks(codec.layout))
    which = data.draw(st.lists(st.booleans(), min_size=len(block), max_size=len(block)))
    open_tiles = encoded(codec, block)
    block.rows[which, STAMP] |= COMPLETE
    assert codec.completed(open_tiles, which) == encoded(codec, block)


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        ({"entity": "s=b"}, r"tile tiles::things::\{s=b\}::5m::202401041430"),
        ({"size_ms": 3_600_000}, r"tile tiles::things::\{s=a\}::1h::2024010414"),
        ({"kind": EVENTS}, r"tile tiles::things::\{s=a\}::events::"),
        ({"entity": "s=c"}, "a tile of another entity or plan that begins at 2024-01-04T14:30:00Z"),
        ({"table": "others"}, "a tile of another entity or plan"),
    ],
    ids=["entity", "level", "kind", "unknown entity", "table"],
)
def test_a_record_in_anothers_place_is_named_with_its_owner(
    key: dict[str, Any], owner: str
) -> None:
    """A whole record of another key is refused, and the error names both."""
    codec = RecordCodec(layout_of(small_plan()))
    block = decoded(codec, [GOLDEN])
    keys = keys_of([1_704_378_600_000], **key)
    with pytest.raises(CorruptRecordError, match=f"^tile number 0: in its place stands ({owner})"):
        decode(codec, codec.encode(block, keys))


def test_a_record_at_anothers_start_is_named_with_its_owner() -> None:
    """A record of another start is refused where the key is known, and the error names both."""
    codec = RecordCodec(layout_of(small_plan()))
    keys = keys_of([1_704_378_900_000])
    with pytest.raises(
        CorruptRecordError,
        match=r"::5m::202401041435: in its place stands tile tiles::.*::5m::202401041430\.",
    ):
        codec.decode_block([GOLDEN], keys, names_of(keys))
