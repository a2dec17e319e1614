"""A sketch of the most frequent values, Apache DataSketches' frequent items of texts, and the
operation TOP_K.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from tilewright_compiler.plan.model import State
from tilewright_compiler.plan.types import family

from ..base import StateType
from ..fields import Bytes, FieldCodec, lists
from ..values import Finalizer, FinalizerContext, to_python

if TYPE_CHECKING:
    import pyarrow as pa

    from ..grouped_values import GroupedValues

_EPOCH_DAY = date(1970, 1, 1)


def _frequent(state: State) -> FieldCodec:
    import datasketches as ds

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
            return [
                sketch(Counter(values[bounds[0] : bounds[1]]).items()) if bounds else None
                for bounds in lists(column)
            ]
        pairs = list(zip(column.keys.to_pylist(), column.items.to_pylist(), strict=True))
        return [
            sketch(pairs[bounds[0] : bounds[1]]) if bounds else None for bounds in lists(column)
        ]

    def merge(parts: Sequence[bytes]) -> Any:
        merged = ds.frequent_strings_sketch(lg_max_k)
        for part in parts:
            merged.merge(ds.frequent_strings_sketch.deserialize(part))
        return merged

    return FieldCodec(merge, lambda sketch: sketch.serialize(), build)


def _counted(state: State, runs: GroupedValues) -> pa.Array:
    """A map from text to count for each run."""
    import pyarrow as pa

    offsets, values, counts = runs.counted()
    return pa.MapArray.from_arrays(
        offsets, pa.array(_texts(state, runs, values), pa.string()), counts
    )


def _texts(state: State, runs: GroupedValues, values: NDArray[Any]) -> list[str]:
    """Values as the texts that the sketch takes."""
    match family(state.type):
        case "text":
            return runs.arrow(values).to_pylist()  # type: ignore[no-any-return]
        case "boolean":
            return ["true" if value else "false" for value in values.tolist()]
        case "date":
            return [(_EPOCH_DAY + timedelta(days=days)).isoformat() for days in values.tolist()]
        case _:
            return list(map(str, values.tolist()))


def _difference(first: bytes, second: bytes) -> str | None:
    import datasketches as ds

    want, got = (ds.frequent_strings_sketch.deserialize(part) for part in (first, second))
    if want.total_weight != got.total_weight:
        return f"counts {got.total_weight} values, not {want.total_weight}"
    for item, _, low, high in want.get_frequent_items(
        ds.frequent_items_error_type.NO_FALSE_POSITIVES
    ):
        if got.get_upper_bound(item) < low or got.get_lower_bound(item) > high:
            return f"counts {item!r} {got.get_estimate(item)} times, not {want.get_estimate(item)}"
    return None


KINDS = {"frequent": StateType(variable=_frequent, column=_counted, difference=_difference)}


def _from_text(duckdb_type: str) -> Callable[[str], Any]:
    """The function from the text that the sketch keeps of a value to the value."""
    restore = to_python(duckdb_type)
    match family(duckdb_type):
        case "text":
            return str
        case "boolean":
            return lambda text: text == "true"
        case "date":
            return date.fromisoformat
        case _:
            return lambda text: restore(int(text))


def _top_k(inputs: FinalizerContext) -> Finalizer:
    from datasketches import frequent_items_error_type

    name, k = inputs.name(0, "sketch"), int(inputs.feature.params["k"])
    convert = _from_text(inputs.type)

    def top(_: Sequence[Any], objects: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        if objects[name] is None:
            return None
        found = objects[name].get_frequent_items(frequent_items_error_type.NO_FALSE_NEGATIVES, 0)
        counts = sorted(
            ((convert(item), estimate) for item, estimate, _, _ in found),
            key=lambda pair: (-pair[1], pair[0]),
        )
        return [{"item": item, "count": count} for item, count in counts[:k]]

    return top


FINALIZERS = {"TOP_K": _top_k}
