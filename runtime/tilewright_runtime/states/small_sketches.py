"""Makes sketches of few values, for many tiles at once.

Most fine tiles hold a few events. While values are few, a t-digest keeps each of them, and a
HyperLogLog a number for each. So their bytes are put together from columns; they are those that the
library would write.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .fields import Bytes, BytesColumn, Fields
from .kernel import kernel

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.int64]

#: As many different values a HyperLogLog keeps as a list of numbers, at most.
_LONGEST_LIST = 7

#: What follows the preamble of a digest of several values (see digests.py).
_EXTENT = np.dtype([("counts", "<u4", 2), ("smallest", "<f8"), ("largest", "<f8")])
_CENTROID = np.dtype([("mean", "<f8"), ("weight", "<u8")])
_PREAMBLE_BYTES = 8
#: How many bytes a HyperLogLog begins with that is a set of numbers, and a set of the fewest.
SET_HEAD_BYTES, FEWEST_OF_SET = 12, _LONGEST_LIST + 1
#: The begin of a summary (see frequency_summary.py).
_SUMMARY = np.dtype([("marker", "<u4"), ("size", "<u4"), ("error", "<i8"), ("total", "<i8")])


def list_offsets(column: pa.Array) -> tuple[pa.Array, Numbers]:
    """Find where the values of each list begin and end.

    Returns the column too, in which a missing list takes no room.
    """
    if column.null_count:
        column = column.take(np.arange(len(column)))
    return column, column.offsets.to_numpy().astype(np.int64)


def complete(
    made: Fields, column: pa.Array, offsets: Numbers, make: Callable[[slice], bytes]
) -> Fields:
    """Make what is missing of a column's lists."""
    is_there = column.is_valid().to_numpy(zero_copy_only=False)
    if isinstance(made, BytesColumn):
        is_made = made.is_made()
    else:
        is_made = np.array([one is not None for one in made], dtype=bool)
    missing = np.flatnonzero(is_there & ~is_made).tolist()
    added = {i: make(slice(int(offsets[i]), int(offsets[i + 1]))) for i in missing}
    if isinstance(made, BytesColumn):
        return made.with_others(added)
    for i, value in added.items():
        made[i] = value
    return made


def small_digests(
    values: NDArray[np.float64], offsets: Numbers, k: int, make: Callable[[Any], bytes]
) -> Fields:
    """Make the t-digests of short lists.

    Others give None. `make` makes one by the library, whose preamble all of them have.
    """
    counts = np.diff(offsets)
    if not len(values):
        return [None] * len(counts)
    groups = np.repeat(np.arange(len(counts)), counts)
    ordered = values[np.lexsort((values, groups))]
    has_nan = np.bincount(groups, np.isnan(values), len(counts)) > 0
    # The library begins to join values when they are more than a third of this.
    is_small = (counts > 0) & (counts <= k // 4) & ~has_nan
    is_one = is_small & (counts == 1)
    is_several = is_small & (counts > 1)
    heads = np.empty(len(counts), f"V{_PREAMBLE_BYTES}")
    heads[:] = np.void(make(np.arange(2.0))[:_PREAMBLE_BYTES])
    heads[is_one] = np.void(make(np.zeros(1))[:_PREAMBLE_BYTES])
    extents = np.zeros(np.count_nonzero(is_several), _EXTENT)
    extents["counts"][:, 0] = counts[is_several]
    extents["smallest"] = ordered[offsets[:-1][is_several]]
    extents["largest"] = ordered[offsets[1:][is_several] - 1]
    of_several = ordered[np.repeat(is_several, counts)]
    centroids = np.ones(len(of_several), _CENTROID)
    centroids["mean"] = of_several
    singles = ordered[offsets[:-1][is_one]]
    parts = [
        (extents, _bounds(is_several)),
        (centroids, _bounds(np.where(is_several, counts, 0))),
        (singles, _bounds(is_one)),
    ]
    return joined(heads, parts, is_small)


def small_lists(coupons: NDArray[np.int64], offsets: Numbers, single: bytes) -> Fields:
    """Make the HyperLogLogs of short lists.

    Others give None. A coupon is the number that stands for a value, and `single` is the sketch of
    one value.
    """
    tiles = len(offsets) - 1
    groups = np.repeat(np.arange(tiles), np.diff(offsets))
    codes = np.sort(groups << 32 | coupons)
    different = codes[np.append(True, codes[1:] != codes[:-1])]
    counts = np.bincount(different >> 32, minlength=tiles)
    heads = np.tile(np.frombuffer(single[:_PREAMBLE_BYTES], np.uint8), (tiles, 1))
    heads[:, 6] = np.minimum(counts, _LONGEST_LIST)
    is_small = (counts > 0) & (counts <= _LONGEST_LIST)
    return joined(heads, [(different.astype("<u4"), _bounds(counts))], is_small)


def coupon_sets(
    lists: Fields, coupons: NDArray[np.int64], offsets: Numbers, lg_k: int, head: bytes
) -> Fields:
    """Add the HyperLogLogs of longer lists, as sets.

    Without the kernel the library makes them. `head` is what such a set begins with.
    """
    native = kernel()
    if native is None or not isinstance(lists, BytesColumn):
        return lists
    longer = np.flatnonzero(~lists.is_there & (np.diff(offsets) > _LONGEST_LIST))
    sets = native.coupon_sets(head, lg_k, coupons.astype(np.uint32), offsets, longer)
    pairs = zip(longer.tolist(), sets, strict=True)
    return lists.with_others({i: made for i, made in pairs if made is not None})


def small_summaries(texts: pa.Array, counts: Numbers, offsets: Numbers, room: int) -> Fields:
    """Make the summaries of lists that there is room for.

    A text may come several times in a list, with a count each. Others give None.
    """
    import pyarrow.compute as pc

    tiles = len(offsets) - 1
    if offsets[0] == offsets[-1]:
        return [None] * tiles
    inside = slice(int(offsets[0]), int(offsets[-1]))
    texts, counts = texts[inside], counts[inside]
    coded = texts.dictionary_encode()
    order = pc.sort_indices(coded.dictionary)
    rank = np.empty(len(order), np.int64)
    rank[order.to_numpy()] = np.arange(len(order))
    groups = np.repeat(np.arange(tiles), np.diff(offsets))
    codes = groups * len(order) + rank[coded.indices.to_numpy()]
    ascending = np.argsort(codes, kind="stable")
    different, begins = np.unique(codes[ascending], return_index=True)
    group, word = np.divmod(different, len(order))
    counters = np.add.reduceat(counts[ascending], begins)
    heads = np.zeros(tiles, _SUMMARY)
    heads["size"] = np.bincount(group, minlength=tiles)
    np.add.at(heads["total"], group, counters)
    bounds = _bounds(heads["size"])
    words = coded.dictionary.take(order).take(word)
    ends = np.frombuffer(words.buffers()[1], "<i4", len(words) + 1)
    content = np.frombuffer(words.buffers()[2], np.uint8)
    sizes = np.diff(ends).astype("<u4")
    parts = [(counters, bounds), (sizes, bounds), (content, ends[bounds].astype(np.int64))]
    is_small = (heads["size"] > 0) & (heads["size"] <= room)
    return joined(heads, parts, is_small)


def joined(
    heads: NDArray[Any], parts: list[tuple[NDArray[Any], Numbers]], which: NDArray[np.bool_]
) -> Fields:
    """Join each tile's head with its share of all parts.

    A part's numbers lie between the bounds of a tile. Tiles that are left out give None.
    """
    size = heads.nbytes // max(len(heads), 1)
    if (native := kernel()) is not None:
        shares = [(numbers.view(np.uint8), numbers.itemsize, bounds) for numbers, bounds in parts]
        octets = heads.reshape(-1).view(np.uint8).reshape(len(heads), size)
        content, ends = native.join_columns(octets, shares, which.view(np.uint8))
        return BytesColumn(
            np.frombuffer(content, np.uint8), np.frombuffer(ends, np.int64), which, {}
        )
    buffer = heads.tobytes()
    pieces: list[list[bytes]] = [[buffer[at : at + size] for at in range(0, len(buffer), size)]]
    for numbers, bounds in parts:
        content, width = numbers.tobytes(), numbers.itemsize
        ends = (bounds * width).tolist()
        pieces.append([content[a:b] for a, b in pairwise(ends)])
    contents: list[Bytes] = list(map(b"".join, zip(*pieces, strict=True)))
    for i in np.flatnonzero(~which).tolist():
        contents[i] = None
    return contents


def _bounds(counts: NDArray[Any]) -> Numbers:
    """Find where the share of each tile begins and ends."""
    return np.append(0, np.cumsum(counts, dtype=np.int64))
