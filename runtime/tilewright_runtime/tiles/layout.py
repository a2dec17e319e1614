"""Where each number of a record stands, and which numpy function merges it; read from the plan
once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import BucketLayout, FixedColumn, Plan

from ..errors import PlanError
from ..states.base import NUMPY_DTYPES, MergeGroup, Rows, kind_of
from ..states.fields import FieldCodec

# The words (8 bytes each) of a record's header; records.py says what they hold.
STAMP, FINGERPRINT, SEQUENCE, NEWEST, START, SIZES = range(6)
HEADER_WORDS = 6

#: What stands for the kind of a state where a field holds a table of bucket values.
BUCKETS = "buckets"

_INT = np.iinfo(np.int64)

#: (merge, dtype) -> (ufunc, what an empty tile holds). NaN is the largest number, as in SQL: fmin
#: passes it over, maximum keeps it.
_MERGES: dict[tuple[str, str], tuple[np.ufunc, int | float]] = {
    ("add", "i64"): (np.add, 0),
    ("add", "f64"): (np.add, 0.0),
    ("min", "i64"): (np.minimum, _INT.max),
    ("min", "f64"): (np.fmin, np.nan),
    ("max", "i64"): (np.maximum, _INT.min),
    ("max", "f64"): (np.maximum, -np.inf),
}


@dataclass(frozen=True)
class Slab:
    """Neighbouring words that one ufunc merges."""

    start: int
    stop: int
    dtype: str
    ufunc: np.ufunc
    identity: int | float

    def of(self, rows: Rows) -> NDArray[Any]:
        """The slab's columns of some rows, as a view of its own type."""
        columns: NDArray[Any] = rows.view(NUMPY_DTYPES[self.dtype])[:, self.start : self.stop]
        return columns


@dataclass(frozen=True)
class Variable:
    """A field of changing length: its name, the kind of its state (or `buckets`), and the word that
    holds its length (-1: none).
    """

    name: str
    kind: str
    length: int


@dataclass(frozen=True)
class Layout:
    """All that is known of a plan's records before any is read, or of the small records that they
    keep per bucket value.
    """

    words: int
    names: dict[str, int]
    """The word of each field of the fixed block."""
    dtypes: dict[str, str]
    slabs: tuple[Slab, ...]
    merge_groups: tuple[MergeGroup, ...]
    """The numbers that merge together, state by state."""
    variable: tuple[Variable, ...]
    limbs: tuple[tuple[int, int], ...]
    """(high, low) words of integer sums, kept as high * 2**32 + low."""
    fingerprint: int
    record_version: int
    compression: str

    @property
    def fixed_bytes(self) -> int:
        """The length of header and fixed block."""
        return self.words * 8

    def carry(self, rows: Rows) -> None:
        """Brings the halves of integer sums into their one form, which does not depend on how they
        were added up.
        """
        for high, low in self.limbs:
            rows[:, high] += rows[:, low] >> 32
            rows[:, low] &= (1 << 32) - 1

    def empty_row(self) -> Rows:
        """The row of an empty tile, as (words,)."""
        row = np.zeros(self.words, dtype=np.int64)
        for slab in self.slabs:
            slab.of(row[np.newaxis])[:] = slab.identity
        for merge_group in self.merge_groups:
            for word, number in merge_group.empty().items():
                (row.view(np.float64) if word in merge_group.floats else row)[word] = number
        return row

    def identities(self) -> list[int | float]:
        """What each word of an empty tile holds, as Python numbers."""
        empty: list[int | float] = [0] * self.words
        for slab in self.slabs:
            empty[slab.start : slab.stop] = [slab.identity] * (slab.stop - slab.start)
        for merge_group in self.merge_groups:
            for word, number in merge_group.empty().items():
                empty[word] = number
        return empty


def bucket_field(column: str) -> str:
    """The variable field that holds what is kept per value of a bucket column; no state's begins
    like it.
    """
    return f"by:{column}"


def layout_of(plan: Plan, bucket: BucketLayout | None = None) -> Layout:
    """The layout of a plan's records, or of those that they keep for each value of a bucket
    column.
    """
    own = bucket or plan.tile_layout
    columns = own.columns
    kinds = {state.id: state.kind for state in plan.states}
    names = {f"{column.state}.{column.field}": HEADER_WORDS + i for i, column in enumerate(columns)}
    fields = [(f"{field.state}.{field.field}", kinds[field.state]) for field in own.variable]
    if bucket is None:
        fields += [(bucket_field(one.column), BUCKETS) for one in plan.tile_layout.buckets]
    variable = tuple(
        Variable(name, kind, HEADER_WORDS + len(columns) + i)
        for i, (name, kind) in enumerate(fields)
    )
    return Layout(
        words=HEADER_WORDS + len(columns) + len(variable),
        names=names,
        dtypes={f"{column.state}.{column.field}": column.dtype for column in columns},
        slabs=tuple(_slabs(columns)),
        merge_groups=tuple(_joints(columns, names, kinds)),
        variable=variable,
        limbs=tuple(
            (word, names[name.removesuffix(".hi") + ".lo"])
            for name, word in names.items()
            if name.endswith(".hi")
        ),
        fingerprint=int(plan.storage_fingerprint, 16),
        record_version=plan.tile_layout.record_version,
        compression=plan.tile_layout.compression,
    )


def _slabs(columns: list[FixedColumn]) -> list[Slab]:
    slabs: list[Slab] = []
    for i, column in enumerate(columns):
        if (column.merge, column.dtype) not in _MERGES:
            continue
        word = HEADER_WORDS + i
        ufunc, identity = _MERGES[column.merge, column.dtype]
        if (
            slabs
            and slabs[-1].stop == word
            and (slabs[-1].ufunc, slabs[-1].dtype) == (ufunc, column.dtype)
        ):
            slabs[-1] = Slab(slabs[-1].start, word + 1, column.dtype, ufunc, identity)
        else:
            slabs.append(Slab(word, word + 1, column.dtype, ufunc, identity))
    return slabs


def _joints(
    columns: list[FixedColumn], names: dict[str, int], kinds: dict[str, str]
) -> list[MergeGroup]:
    merge_groups = []
    for state in dict.fromkeys(column.state for column in columns):
        own = [column for column in columns if column.state == state]
        if (merge_group := kind_of(kinds[state]).merge_group) is not None:
            words = {column.field: names[f"{state}.{column.field}"] for column in own}
            merge_groups.append(
                merge_group(state, words, {column.field: column.dtype for column in own})
            )
        elif unknown := [column for column in own if (column.merge, column.dtype) not in _MERGES]:
            field, merge = unknown[0].field, unknown[0].merge
            raise PlanError(
                f"the number {field!r} of the state {state!r} merges by {merge!r}, which states "
                "of its kind do not know."
            )
    return merge_groups


def variable_kinds(plan: Plan, layout: Layout) -> dict[str, FieldCodec]:
    """The functions of each variable field of a state, in the order of the record."""
    states = {state.id: state for state in plan.states}
    made = {}
    for field in layout.variable:
        if field.kind != BUCKETS and (functions := kind_of(field.kind).variable) is not None:
            made[field.name] = functions(states[field.name.rpartition(".")[0]])
    return made
