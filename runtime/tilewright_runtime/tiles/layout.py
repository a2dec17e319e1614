"""Where each number of a record stands, and its merge."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from tilewright_compiler.plan.layout import BucketLayout, FixedColumn, TileLayout
from tilewright_compiler.plan.model import Plan

from ..errors import PlanError
from ..lazily import np
from ..plans.frozen import Frozen
from ..states.base import NUMPY_DTYPES, Placement, Rows, StateType, kind_of
from .header import FINGERPRINT, HEADER_WORDS, NEWEST, START

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What stands for the kind of a state where a field holds a table of bucket values.
BUCKETS = "buckets"

#: (merge, dtype) -> (numpy's function, what an empty tile holds). NaN is the largest number, as in
#: SQL: fmin passes it over, maximum keeps it.
_MERGES: dict[tuple[str, str], tuple[str, int | float]] = {
    ("add", "i64"): ("add", 0),
    ("add", "f64"): ("add", 0.0),
    ("min", "i64"): ("minimum", (1 << 63) - 1),
    ("min", "f64"): ("fmin", math.nan),
    ("max", "i64"): ("maximum", -(1 << 63)),
    ("max", "f64"): ("maximum", -math.inf),
}
_DOUBLE, _INTEGER = struct.Struct("<d"), struct.Struct("<q")


#: The columns of records, as an array with named fields.
Columns: TypeAlias = "NDArray[Any]"


class Slab(Frozen):
    """Neighbouring words that one ufunc merges."""

    start: int
    stop: int
    dtype: str
    function: str
    """The name of numpy's function."""
    identity: int | float

    @cached_property
    def ufunc(self) -> np.ufunc:
        """What merges them."""
        ufunc: np.ufunc = getattr(np, self.function)
        return ufunc

    @cached_property
    def columns(self) -> slice:
        """Its words in a row."""
        return slice(self.start, self.stop)

    @cached_property
    def place(self) -> int | slice:
        """Its words in a row, or its only word."""
        return self.start if self.stop == self.start + 1 else self.columns

    @cached_property
    def name(self) -> str:
        """Its name among the columns of records."""
        return f"slab {self.start}"

    def of(self, rows: Rows) -> NDArray[Any]:
        """View the slab's columns of some rows in its type."""
        columns: NDArray[Any] = rows.view(NUMPY_DTYPES[self.dtype])[:, self.columns]
        return columns


class Variable(NamedTuple):
    """A field of changing length."""

    name: str
    kind: str
    """The kind of its state, or `buckets`."""
    length: int
    """The word that holds its length, which is -1 where there is none."""


class Layout(Frozen):
    """All that is known of a plan's records in advance.

    The small records that a record keeps for each value of a bucket column have a layout of their
    own.
    """

    words: int
    names: dict[str, int]
    """The word of each field of the fixed block."""
    dtypes: dict[str, str]
    slabs: tuple[Slab, ...]
    states: Mapping[str, StateType]
    """By id, in the order of the record."""
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

    @cached_property
    def columns(self) -> np.dtype[Any]:
        """What a fetch needs of header and fixed block, by name.

        To take such a column of many records costs half as much as to slice their words.
        """
        names = ["checksum", "identity", "newest", "start"]
        formats: list[Any] = ["<u4", "<i8", "<i8", "<i8"]
        offsets = [0, 8 * FINGERPRINT, 8 * NEWEST, 8 * START]
        for slab in self.slabs:
            code, count = NUMPY_DTYPES[slab.dtype], slab.stop - slab.start
            names.append(slab.name)
            formats.append(code if count == 1 else (code, count))
            offsets.append(8 * slab.start)
        return np.dtype(
            {
                "names": names,
                "formats": formats,
                "offsets": offsets,
                "itemsize": self.fixed_bytes,
            }
        )

    @cached_property
    def joint_states(self) -> tuple[StateType, ...]:
        """The states whose numbers merge together."""
        return tuple(state for state in self.states.values() if state.merges_numbers)

    @cached_property
    def codecs(self) -> dict[str, StateType]:
        """The state of each field of changing length.

        They are in the order of the record, without the tables.
        """
        return {
            field.name: self.states[field.name.rpartition(".")[0]]
            for field in self.variable
            if field.kind != BUCKETS
        }

    def carry(self, rows: Rows) -> None:
        """Carry between the halves of integer sums.

        So all orders of adding give the same halves.
        """
        for high, low in self.limbs:
            rows[:, high] += rows[:, low] >> 32
            rows[:, low] &= (1 << 32) - 1

    def empty_row(self) -> Rows:
        """Return the row of an empty tile, as (words,)."""
        return np.array(self.empty_words(), np.int64)

    def empty_words(self) -> list[int]:
        """Return the words of an empty tile, doubles by their bits."""
        empty, floats = self.identities(), set[int]()
        for slab in self.slabs:
            floats |= set(range(slab.start, slab.stop) if slab.dtype == "f64" else ())
        for state in self.joint_states:
            floats |= set(state.floats)
        words = []
        for word, number in enumerate(empty):
            packed = (_DOUBLE if word in floats else _INTEGER).pack(number)
            words.append(_INTEGER.unpack(packed)[0])
        return words

    def identities(self) -> list[int | float]:
        """Return the numbers of an empty tile, by word."""
        empty: list[int | float] = [0] * self.words
        for slab in self.slabs:
            empty[slab.start : slab.stop] = [slab.identity] * (slab.stop - slab.start)
        for state in self.joint_states:
            for word, number in state.empty().items():
                empty[word] = number
        return empty


def rows_of(columns: Columns) -> Rows:
    """View the columns of records as rows of words."""
    rows: Rows = columns.view("<i8").reshape(-1, columns.itemsize // 8)
    return rows


def bucket_field(column: str) -> str:
    """Name the field of a bucket column's table.

    No state's field begins like it.
    """
    return f"by:{column}"


def layout_of(plan: Plan, bucket: BucketLayout | None = None) -> Layout:
    """Lay out a plan's records.

    With `bucket`, lay out the small records for each of its values. Raises PlanError if the plan
    has states or merges that this version does not know.
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
        states=_states(plan, own, names),
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


def _slabs(columns: Sequence[FixedColumn]) -> list[Slab]:
    slabs: list[Slab] = []
    for word, column in enumerate(columns, HEADER_WORDS):
        if (column.merge, column.dtype) not in _MERGES:
            continue
        function, identity = _MERGES[column.merge, column.dtype]
        slab = Slab(word, word + 1, column.dtype, function, identity)
        last = slabs[-1] if slabs else None
        own = word, function, slab.dtype
        if last is not None and (last.stop, last.function, last.dtype) == own:
            slab = slab.copied(start=last.start)
            slabs.pop()
        slabs.append(slab)
    return slabs


def _states(
    plan: Plan, own: TileLayout | BucketLayout, names: Mapping[str, int]
) -> dict[str, StateType]:
    """Place the states of a record, those with numbers first."""
    by_id = {state.id: state for state in plan.states}
    fields = {field.state: f"{field.state}.{field.field}" for field in own.variable}
    columns: dict[str, list[FixedColumn]] = {}
    for column in own.columns:
        columns.setdefault(column.state, []).append(column)
    states = {}
    for name in dict.fromkeys([*columns, *fields]):
        numbers = columns.get(name, [])
        state = kind_of(by_id[name].kind)(
            Placement(
                by_id[name],
                words={column.field: names[f"{name}.{column.field}"] for column in numbers},
                dtypes={column.field: column.dtype for column in numbers},
                field=fields.get(name),
            )
        )
        if not state.merges_numbers:
            _require_known_merges(numbers)
        states[name] = state
    return states


def _require_known_merges(columns: Sequence[FixedColumn]) -> None:
    for column in columns:
        if (column.merge, column.dtype) not in _MERGES:
            raise PlanError(
                f"the number {column.field!r} of the state {column.state!r} merges by "
                f"{column.merge!r}, which states of its kind do not know."
            )
