"""What a record keeps for each value of a bucket column: a table of values, each with a small
record of its own.

The bytes of a table are little-endian: the number of values (4 bytes); for each value the words of
its small record, which has no header (the fixed block, then the lengths of its variable fields);
the values, ascending as SQL orders them, stored as in entries.py (texts after the lengths of all, 4
bytes each); then the variable fields of one value after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import BucketLayout, Plan

from ..states.base import Rows
from ..states.exact_values import dtype_of
from ..states.fields import Bytes
from .block import Block, merge_blocks
from .layout import HEADER_WORDS, Layout, bucket_field, layout_of, variable_kinds

Values = NDArray[Any]


class Bucket(NamedTuple):
    """One value of a bucket column, as a tile keeps it, and what finalizers need of the events with
    it.
    """

    value: Any
    numbers: Sequence[Any]
    objects: Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """Ascending values with their numbers, (values, words), and of each variable field the parts
    that make up its bytes.
    """

    values: Values
    rows: Rows
    parts: dict[str, list[list[bytes]]]


class _Objects(dict[str, Any]):
    """Merged objects by variable field, each merged when it is first asked for: few features need
    all of them.
    """

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make

    def __missing__(self, name: str) -> Any:
        found = self[name] = self._make(name)
        return found


class Buckets:
    """Tables of one bucket column: made from rows of tiles, merged, and taken apart into what
    finalizers need.
    """

    def __init__(self, plan: Plan, bucket: BucketLayout) -> None:
        self.column, self.type = bucket.column, bucket.type
        self.layout = layout_of(plan, bucket)
        self.kinds = variable_kinds(plan, self.layout)
        self._dtype = dtype_of(bucket.type)
        self._words = self.layout.words - HEADER_WORDS
        # The text of a first or last value is chosen when its time is; all others are merged.
        self._chosen = {
            merge_group.text
            for merge_group in self.layout.merge_groups
            if merge_group.text is not None
        }
        self._floats = _float_words(self.layout)
        self._added = [
            word
            for slab in self.layout.slabs
            if slab.ufunc is np.add
            for word in range(slab.start, slab.stop)
        ]

    def build(
        self, values: Values, block: Block, tile: NDArray[np.int64], tiles: int
    ) -> list[Bytes]:
        """The table of each of some tiles, from rows with a value and the number of their tile, in
        any order.
        """
        _, places = distinct_of(values)
        order = np.lexsort((places, tile))
        chosen = block.take(order)
        parts = {
            name: [_present(part) for part in found] for name, found in chosen.variable.items()
        }
        return self._encode(Table(values[order], chosen.rows, parts), tile[order], [None] * tiles)

    def merge(self, parts: Sequence[bytes], /) -> Table:
        """The tables of some tiles (at least one) as one."""
        table, _ = self._merge(parts, [0] * len(parts))
        return table

    def encode(self, table: Table, /) -> bytes:
        """The bytes of one table."""
        (part,) = self._encode(table, np.zeros(len(table.values), dtype=np.int64), [b""])
        assert part is not None  # what was merged from tables has a value
        return part

    def merge_pairs(self, older: Sequence[Bytes], newer: Sequence[Bytes], /) -> list[Bytes]:
        """The tables of tiles merged with those of the tile at the same place, all of them at
        once.
        """
        found = [new if old is None else old for old, new in zip(older, newer, strict=True)]
        pairs = [
            (i, part)
            for i, pair in enumerate(zip(older, newer, strict=True))
            if None not in pair
            for part in pair
            if part is not None
        ]
        if not pairs:
            return found
        tiles, parts = zip(*pairs, strict=True)
        return self._encode(*self._merge(parts, tiles), found)

    def read(self, parts: Sequence[bytes]) -> list[Bucket]:
        """What finalizers need of the tables of some tiles, value after value."""
        if not parts:
            return []
        table = self.merge(parts)
        values = zip(table.values.tolist(), self._numbers(table.rows), strict=True)
        return [
            Bucket(value, numbers, _Objects(self._reader(table, i)))
            for i, (value, numbers) in enumerate(values)
        ]

    def read_parts(
        self, runs: Sequence[Sequence[bytes]], fractions: Sequence[Fraction]
    ) -> list[Bucket]:
        """The same of runs of tiles of which only a part counts, for what is added up; all else is
        left at 0.
        """
        tables = [(self.merge(run), part) for run, part in zip(runs, fractions, strict=True) if run]
        if not tables:
            return []
        distinct, places = distinct_of(np.concatenate([table.values for table, _ in tables]))
        sums: list[list[Any]] = [[0] * self.layout.words for _ in range(len(distinct))]
        weighted = (
            (part, numbers) for table, part in tables for numbers in self._numbers(table.rows)
        )
        for place, (part, numbers) in zip(places.tolist(), weighted, strict=True):
            for word in self._added:
                sums[place][word] += part * numbers[word]
        return [
            Bucket(value, numbers, {})
            for value, numbers in zip(distinct.tolist(), sums, strict=True)
        ]

    def _merge(
        self, parts: Sequence[bytes], tiles: Sequence[int]
    ) -> tuple[Table, NDArray[np.int64]]:
        """Tables of some tiles, those of one tile as one; and the tile of each of their values."""
        values, block, sizes = self._decode(parts)
        distinct, places = distinct_of(values)
        groups = np.repeat(np.array(tiles, dtype=np.int64), sizes) * len(distinct) + places
        order = np.argsort(groups, kind="stable")
        block, groups = block.take(order), groups[order]
        firsts = np.flatnonzero(np.diff(groups, prepend=-1))
        bounds = list(pairwise([*firsts.tolist(), len(groups)]))
        merged = {
            name: [[part for part in found[begin:end] if part is not None] for begin, end in bounds]
            for name, found in block.variable.items()
            if name not in self._chosen
        }
        ends = {name: block.variable[name] for name in self._chosen}
        numbers = self._reduce(Block(block.rows, ends), np.diff(firsts, append=len(groups)))
        merged |= {
            name: [_present(part) for part in found] for name, found in numbers.variable.items()
        }
        return Table(distinct[groups[firsts] % len(distinct)], numbers.rows, merged), groups[
            firsts
        ] // len(distinct)

    def _reduce(self, block: Block, sizes: NDArray[np.int64]) -> Block:
        """Each run of so many rows as one row: neighbours are merged in pairs, in all runs at once,
        until one is left.
        """
        place = np.arange(len(block)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        last = np.repeat(sizes, sizes) - 1
        while len(block) > len(sizes):
            kept = np.flatnonzero(place % 2 == 0)
            left = kept[place[kept] < last[kept]]
            both = merge_blocks(self.layout, {}, block.take(left), block.take(left + 1))
            block = block.take(kept)
            block.put(np.searchsorted(kept, left), both)
            place, last = place[kept] // 2, last[kept] // 2
        return block

    def _encode(self, table: Table, tile: NDArray[np.int64], found: list[Bytes]) -> list[Bytes]:
        """Puts the bytes of each tile's values, which are neighbours, in its place among those
        found.
        """
        rows = table.rows.copy()
        self.layout.carry(rows)
        fields = [
            [self._bytes(field.name, parts) for parts in table.parts[field.name]]
            for field in self.layout.variable
        ]
        for field, column in zip(self.layout.variable, fields, strict=True):
            rows[:, field.length] = [-1 if part is None else len(part) for part in column]
        width, words = (
            8 * self._words,
            np.ascontiguousarray(rows[:, HEADER_WORDS:], dtype="<i8").tobytes(),
        )
        values = self._value_bytes(table.values)
        firsts = np.flatnonzero(np.diff(tile, prepend=-1))
        for begin, end in pairwise([*firsts.tolist(), len(tile)]):
            content = [
                (end - begin).to_bytes(4, "little"),
                words[begin * width : end * width],
                values(begin, end),
            ]
            content += [
                part
                for i in range(begin, end)
                for column in fields
                if (part := column[i]) is not None
            ]
            found[tile[begin]] = b"".join(content)
        return found

    def _value_bytes(self, values: Values) -> Callable[[int, int], bytes]:
        if self._dtype != "object":
            numbers = values.tobytes()
            return lambda begin, end: numbers[8 * begin : 8 * end]
        texts: list[bytes] = values.tolist()
        lengths = np.array([len(text) for text in texts], dtype="<u4").tobytes()
        return lambda begin, end: lengths[4 * begin : 4 * end] + b"".join(texts[begin:end])

    def _bytes(self, name: str, parts: list[bytes]) -> Bytes:
        if len(parts) < 2:
            return parts[0] if parts else None
        return self.kinds[name].encode(self.kinds[name].merge(parts))

    def _decode(self, parts: Sequence[bytes]) -> tuple[Values, Block, list[int]]:
        """The values and small records of some tables, one after the other, and how many each
        has.
        """
        sizes = [int.from_bytes(part[:4], "little") for part in parts]
        ends = [4 + 8 * self._words * size for size in sizes]
        content = b"".join([part[4:end] for part, end in zip(parts, ends, strict=True)])
        rows = np.zeros((sum(sizes), self.layout.words), dtype=np.int64)
        rows[:, HEADER_WORDS:] = np.frombuffer(content, "<i8").reshape(-1, self._words)
        if self._dtype == "object":
            texts: list[bytes] = []
            for i, (part, size) in enumerate(zip(parts, sizes, strict=True)):
                bounds = list(
                    accumulate(
                        np.frombuffer(part, "<u4", size, ends[i]).tolist(),
                        initial=ends[i] + 4 * size,
                    )
                )
                texts += [part[begin:end] for begin, end in pairwise(bounds)]
                ends[i] = bounds[-1]
            values = np.array(texts, dtype=object)
        else:
            values = np.frombuffer(
                b"".join(
                    [part[e : e + 8 * n] for part, e, n in zip(parts, ends, sizes, strict=True)]
                ),
                self._dtype,
            )
            ends = [end + 8 * size for end, size in zip(ends, sizes, strict=True)]
        return values, Block(rows, self._decode_variable(parts, ends, sizes, rows)), sizes

    def _decode_variable(
        self, parts: Sequence[bytes], starts: list[int], sizes: list[int], rows: Rows
    ) -> dict[str, list[Bytes]]:
        names = [field.name for field in self.layout.variable]
        if not names:
            return {}
        lengths, found, first = rows[:, -len(names) :].ravel().tolist(), list[Bytes](), 0
        for part, start, size in zip(parts, starts, sizes, strict=True):
            own = lengths[first : first + size * len(names)]
            ends = accumulate((max(length, 0) for length in own), initial=start)
            found += [
                None if length < 0 else part[begin:end]
                for length, (begin, end) in zip(own, pairwise(ends), strict=True)
            ]
            first += len(own)
        return {name: found[i :: len(names)] for i, name in enumerate(names)}

    def _numbers(self, rows: Rows) -> list[list[Any]]:
        """The numbers of each row by word; None where there is no first or last value."""
        numbers: list[list[Any]] = rows.tolist()
        for word in self._floats:
            for own, value in zip(numbers, rows.view(np.float64)[:, word].tolist(), strict=True):
                own[word] = value
        for merge_group in self.layout.merge_groups:
            for own in numbers:
                merge_group.mark_missing(own)
        return numbers

    def _reader(self, table: Table, i: int) -> Callable[[str], Any]:
        def read(name: str) -> Any:
            parts = table.parts[name][i]
            if not parts or name in self._chosen:
                return parts[0] if parts else None
            return self.kinds[name].merge(parts)

        return read


def buckets_of(plan: Plan) -> dict[str, Buckets]:
    """The bucket columns of a plan by their fields in the record."""
    return {
        bucket_field(bucket.column): Buckets(plan, bucket) for bucket in plan.tile_layout.buckets
    }


def _present(part: Bytes) -> list[bytes]:
    return [] if part is None else [part]


def distinct_of(values: Values) -> tuple[Values, NDArray[np.int64]]:
    """The different values, ascending, and the place of each value among them."""
    if values.dtype != object:
        distinct, places = np.unique(values, return_inverse=True)
        return distinct, places
    ordered = sorted(set(values.tolist()))  # far quicker than numpy's sorting of all texts
    place = {text: i for i, text in enumerate(ordered)}
    return np.array(ordered, dtype=object), np.array(
        [place[text] for text in values.tolist()], dtype=np.int64
    )


def _float_words(layout: Layout) -> list[int]:
    slabs = [
        word
        for slab in layout.slabs
        if slab.dtype == "f64"
        for word in range(slab.start, slab.stop)
    ]
    return slabs + [word for merge_group in layout.merge_groups for word in merge_group.floats]
