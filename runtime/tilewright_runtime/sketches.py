"""The table of states of changing length, and those of them that are texts or Apache DataSketches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import datasketches as ds
import numpy as np

from tilewright_compiler.plan import Plan, State

from .entries import ENTRY_KINDS
from .layout import Layout
from .variable import Bytes, StateKind, lists

if TYPE_CHECKING:
    import pyarrow as pa

#: Digests are merged into one of this many times their compression: each merge at their own one would blur ties a little
#: more (rank error of 31 merged days 2.5 % at 1 x, 1.0 % at 4 x, for 0.3 ms more).
_FINER = 4

#: What a sketch of distinct values takes for the empty text.
_EMPTY_TEXT = "\0empty"


def _build_text(column: pa.Array) -> list[Bytes]:
    return column.cast("large_binary").to_pylist()  # type: ignore[no-any-return]


def _text(extreme: Callable[[Sequence[bytes]], bytes]) -> StateKind:
    # UTF-8 sorts by bytes as it does by code points, which is the order of SQL's binary collation.
    return StateKind(merge=extreme, encode=lambda text: text, build=_build_text)


def _build_numbers(empty: Callable[[], Any]) -> Callable[[pa.Array], list[Bytes]]:
    def sketch(values: np.ndarray[Any, Any]) -> bytes:
        made = empty()
        made.update(values)
        return made.serialize()  # type: ignore[no-any-return]

    def build(column: pa.Array) -> list[Bytes]:
        # A copy: the library does not take arrays that cannot be written, such as Arrow's.
        values = np.array(column.values.to_numpy(zero_copy_only=False))
        return [sketch(values[bounds[0] : bounds[1]]) if bounds else None for bounds in lists(column)]

    return build


def _tdigest(state: State) -> StateKind:
    k = int(state.params["k"])

    def merge(parts: Sequence[bytes]) -> Any:
        merged = ds.tdigest_double(_FINER * k)
        for part in parts:
            merged.merge(ds.tdigest_double.deserialize(part))
        return merged

    def encode(merged: Any) -> bytes:
        made = ds.tdigest_double(k)
        made.merge(merged)
        return made.serialize()  # type: ignore[no-any-return]

    return StateKind(merge, encode, _build_numbers(lambda: ds.tdigest_double(k)))


def _kll(state: State) -> StateKind:
    # These bytes are those of the KLL aggregate of Spark, which reads and writes the same library's.
    k = int(state.params["k"])

    def merge(parts: Sequence[bytes]) -> Any:
        merged = ds.kll_doubles_sketch(k)
        for part in parts:
            merged.merge(ds.kll_doubles_sketch.deserialize(part))
        return merged

    return StateKind(merge, lambda sketch: sketch.serialize(), _build_numbers(lambda: ds.kll_doubles_sketch(k)))


def _hll(state: State) -> StateKind:
    lg_k, form = int(state.params["lg_k"]), getattr(ds.tgt_hll_type, str(state.params["type"]))

    def sketch(items: Iterable[Any]) -> bytes:
        made = ds.hll_sketch(lg_k, form)
        for item in items:
            # The library passes over the empty text; it is a value like any other.
            made.update(_EMPTY_TEXT if item == "" else item)
        return made.serialize_compact()  # type: ignore[no-any-return]

    def build(column: pa.Array) -> list[Bytes]:
        values = column.values.to_pylist()
        return [sketch(values[bounds[0] : bounds[1]]) if bounds else None for bounds in lists(column)]

    def merge(parts: Sequence[bytes]) -> Any:
        union = ds.hll_union(lg_k)
        for part in parts:
            union.update(ds.hll_sketch.deserialize(part))
        return union

    return StateKind(merge, lambda union: union.get_result(form).serialize_compact(), build)


def _frequent(state: State) -> StateKind:
    lg_max_k = int(state.params["lg_max_k"])

    def sketch(items: Iterable[tuple[str, int]]) -> bytes:
        made = ds.frequent_strings_sketch(lg_max_k)
        for item, weight in items:
            made.update(item, weight)
        return made.serialize()  # type: ignore[no-any-return]

    def build(column: pa.Array) -> list[Bytes]:
        import pyarrow as pa

        if not pa.types.is_map(column.type):  # engines without a count by value give the values
            values = column.values.to_pylist()
            return [sketch(Counter(values[bounds[0] : bounds[1]]).items()) if bounds else None for bounds in lists(column)]
        pairs = list(zip(column.keys.to_pylist(), column.items.to_pylist(), strict=True))
        return [sketch(pairs[bounds[0] : bounds[1]]) if bounds else None for bounds in lists(column)]

    def merge(parts: Sequence[bytes]) -> Any:
        merged = ds.frequent_strings_sketch(lg_max_k)
        for part in parts:
            merged.merge(ds.frequent_strings_sketch.deserialize(part))
        return merged

    return StateKind(merge, lambda sketch: sketch.serialize(), build)


#: kind of a state -> the functions of its variable field; a first or last text is chosen by its time, never merged
_KINDS: dict[str, Callable[[State], StateKind]] = {
    "min": lambda _: _text(min),
    "max": lambda _: _text(max),
    "first": lambda _: _text(max),
    "last": lambda _: _text(max),
    "tdigest": _tdigest,
    "kll": _kll,
    "hll": _hll,
    "frequent": _frequent,
    **ENTRY_KINDS,
}


def variable_kinds(plan: Plan, layout: Layout) -> dict[str, StateKind]:
    """The functions of each variable field of a state, in the order of the record."""
    states = {state.id: state for state in plan.states}
    fields = [field.name for field in layout.variable if field.kind in _KINDS]
    return {name: _KINDS[state.kind](state) for name in fields for state in [states[name.rpartition(".")[0]]]}
