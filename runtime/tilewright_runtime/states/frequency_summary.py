"""Summaries of how often values come, with bounds.

A summary keeps the values that came most often, as texts, after J. Misra and D. Gries,
"Finding repeated elements" (1982). Summaries are merged as by P. K. Agarwal and others, "Mergeable
summaries" (2013). A summary is exact until there are more values than it has room for. From then
on the counters of all values are lowered until few enough are left. The sum of what was taken off,
the `error`, is at most n / (room + 1) for n values altogether, in whatever order they came and
were merged:

- a value without a counter came at most `error` times,
- one with a counter came at most counter + `error` times,
- and at least as often as it was seen while it had one, which is kept beside the counter.

The bytes are little-endian: 4 zero bytes, the number of values (4 bytes), the error and how many
values came altogether (8 bytes each); the counters (8 bytes each) and, if the error is not 0, how
often each value was seen (8 bytes each); the length of each text in bytes (4 bytes each); then
their UTF-8, ascending. What does not begin with zero bytes is a frequent items sketch of Apache
DataSketches, which tiles of earlier versions hold.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate, pairwise

from ..plans.frozen import Slotted
from .kernel import kernel_of

#: Marker, number of values, error, and how many values came altogether.
_HEADER = struct.Struct("<4sIqq")
_MARKER = bytes(4)


class Summary(Slotted):
    """What is known of how often each value came."""

    __slots__ = ("counters", "error", "seen", "total")

    counters: dict[bytes, int]
    seen: dict[bytes, int]
    """How often each value came at least; the counters themselves while the error is 0."""
    error: int
    total: int

    def __init__(
        self, counters: dict[bytes, int], seen: dict[bytes, int], error: int, total: int
    ) -> None:
        self.counters = counters
        self.seen = seen
        self.error = error
        self.total = total

    def bounds(self, item: bytes) -> tuple[int, int]:
        """Return the fewest and most times a value came."""
        return self.seen.get(item, 0), self.counters.get(item, 0) + self.error

    def shrink(self, room: int) -> None:
        """Lower all counters until they fit the room."""
        if len(self.counters) <= room:
            return
        cut = sorted(self.counters.values(), reverse=True)[room]
        lowered = {item: count - cut for item, count in self.counters.items() if count > cut}
        self.seen = {item: self.seen[item] for item in lowered}
        self.counters = lowered
        self.error += cut


class SummaryUnion:
    """Summaries side by side, added up when asked for."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        """Take the bytes of summaries."""
        self.parts = parts

    @cached_property
    def summary(self) -> Summary:
        """All of them as one; it keeps all values."""
        merged, *others = map(decode, self.parts)
        for other in others:
            is_exact = not merged.error and not other.error
            if not is_exact and merged.seen is merged.counters:
                merged.seen = merged.counters.copy()
            add(merged.counters, other.counters.items())
            if not is_exact:
                add(merged.seen, other.seen.items())
            merged.error += other.error
            merged.total += other.total
        return merged

    @cached_property
    def error(self) -> int:
        """How far below the truth a count may be."""
        if (native := kernel_of(self.parts)) is not None:
            error: int | None = native.frequency_error(self.parts)
            if error is not None:
                return error
        return self.summary.error

    def top(self, k: int) -> list[tuple[bytes, int]]:
        """List the values that certainly are frequent, in order.

        The most frequent comes first, and equally frequent ones are in the order of their bytes.
        They are the k most frequent ones, and all that came as often as the last of them.
        """
        if (native := kernel_of(self.parts)) is not None:
            counted: tuple[list[tuple[bytes, int]], int] | None
            counted = native.most_frequent(self.parts, k)
            if counted is not None:
                values, self.error = counted
                return values
        summary = self.summary
        certain = [one for one in summary.seen.items() if one[1] > summary.error]
        certain.sort(key=_rank)
        if len(certain) > k > 0:
            least = certain[k - 1][1]
            return [one for one in certain if one[1] >= least]
        return certain


def _rank(one: tuple[bytes, int]) -> tuple[int, bytes]:
    """Rank by the count, then by the bytes."""
    item, count = one
    return -count, item


def add(counts: dict[bytes, int], items: Iterable[tuple[bytes, int]]) -> None:
    """Add counts of values to others."""
    for item, count in items:
        counts[item] = counts.get(item, 0) + count


def encode(summary: Summary) -> bytes:
    """Encode a summary."""
    texts = sorted(summary.counters)
    size = len(texts)
    # Most tiles have few values, for which numpy would be slower.
    numbers = [summary.counters[text] for text in texts]
    if summary.error:
        numbers += [summary.seen[text] for text in texts]
    header = _HEADER.pack(_MARKER, size, summary.error, summary.total)
    columns = struct.pack(f"<{len(numbers)}q{size}I", *numbers, *map(len, texts))
    return b"".join([header, columns, *texts])


def decode(part: bytes) -> Summary:
    """Decode a summary."""
    if not part.startswith(_MARKER):
        return _of_sketch(part)
    _, size, error, total = _HEADER.unpack_from(part)
    count = 2 * size if error else size
    columns = struct.unpack_from(f"<{count}q{size}I", part, _HEADER.size)
    start = _HEADER.size + 8 * count + 4 * size
    bounds = pairwise(accumulate(columns[count:], initial=start))
    texts = [part[begin:end] for begin, end in bounds]
    counters = dict(zip(texts, columns[:size], strict=True))
    seen = dict(zip(texts, columns[size:count], strict=True)) if error else counters
    return Summary(counters, seen, error, total)


def _of_sketch(part: bytes) -> Summary:
    """Decode a sketch of an earlier version.

    Its lower bounds are counters.
    """
    import datasketches as ds

    sketch = ds.frequent_strings_sketch.deserialize(part)
    items = sketch.get_frequent_items(ds.frequent_items_error_type.NO_FALSE_NEGATIVES, 0)
    counters = {item.encode(): lower for item, _, lower, _ in items}
    # A value that the sketch does not hold has the error as its upper bound.
    error = items[0][3] - items[0][2] if items else sketch.get_upper_bound("")
    return Summary(counters, counters, error, sketch.total_weight)
