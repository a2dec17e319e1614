"""A sketch of how many different values there are, Apache DataSketches' HyperLogLog, and the
operation APPROX_UNIQUE_COUNT.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tilewright_compiler.plan.model import State

from ..base import StateType
from ..fields import Bytes, FieldCodec, lists
from ..values import Finalizer, FinalizerContext

if TYPE_CHECKING:
    import pyarrow as pa

#: What a sketch of distinct values takes for the empty text.
_EMPTY_TEXT = "\0empty"


def _hll(state: State) -> FieldCodec:
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
        return [
            sketch(values[bounds[0] : bounds[1]]) if bounds else None for bounds in lists(column)
        ]

    def merge(parts: Sequence[bytes]) -> Any:
        union = ds.hll_union(lg_k)
        for part in parts:
            union.update(ds.hll_sketch.deserialize(part))
        return union

    return FieldCodec(merge, lambda union: union.get_result(form).serialize_compact(), build)


def _difference(first: bytes, second: bytes) -> str | None:
    import datasketches as ds

    want, got = (ds.hll_sketch.deserialize(part) for part in (first, second))
    # Three standard errors of the smaller of two sketches of 2**lg_k registers (HyperLogLog: 1.04 /
    # sqrt(m)).
    allowed = 3 * 1.04 / math.sqrt(1 << want.lg_config_k) * max(want.get_estimate(), 1.0)
    off = abs(want.get_estimate() - got.get_estimate())
    if off > allowed:
        return f"counts {got.get_estimate():.1f} values, not {want.get_estimate():.1f}"
    both = ds.hll_union(want.lg_config_k)
    both.update(want)
    both.update(got)
    # Values that are hashed in another way, as by another library, count again where two sketches
    # are merged.
    other = both.get_estimate() - want.get_estimate() > allowed
    return (
        f"counts {both.get_estimate():.1f} values when it is merged with that of the same values"
        if other
        else None
    )


KINDS = {
    "hll": StateType(
        variable=_hll,
        column=lambda state, runs: runs.listed(runs.arrow(runs.values)),
        difference=_difference,
    )
}


def _unique_count(inputs: FinalizerContext) -> Finalizer:
    name = inputs.name(0, "sketch")
    return lambda _, objects: 0 if objects[name] is None else round(objects[name].get_estimate())


FINALIZERS = {"APPROX_UNIQUE_COUNT": _unique_count}
