"""A sketch of how many different values there are, Apache DataSketches' HyperLogLog, and the operation APPROX_UNIQUE_COUNT."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tilewright_compiler.plan import State

from ..feature_inputs import Finalizer, Inputs
from ..state_kinds import Kind
from ..variable import Bytes, StateKind, lists

if TYPE_CHECKING:
    import pyarrow as pa

#: What a sketch of distinct values takes for the empty text.
_EMPTY_TEXT = "\0empty"


def _hll(state: State) -> StateKind:
    import datasketches as ds

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


KINDS = {"hll": Kind(variable=_hll, column=lambda state, runs: runs.listed(runs.arrow(runs.values)))}


def _unique_count(inputs: Inputs) -> Finalizer:
    name = inputs.name(0, "sketch")
    return lambda _, objects: 0 if objects[name] is None else round(objects[name].get_estimate())


FINALIZERS = {"APPROX_UNIQUE_COUNT": _unique_count}
