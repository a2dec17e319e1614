"""The table of operations at run time: merged states to a feature's value."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from tilewright import Operation
from tilewright_compiler.defaults import default_value
from tilewright_compiler.plan import Feature, State
from tilewright_compiler.states import LIMB, decimal_scale, family

from .entries import Entries
from .errors import FetchError
from .layout import Layout

#: Merged numbers by word of the record (None where a first or last value is missing), merged objects by variable field.
Finalizer = Callable[[Sequence[Any], Mapping[str, Any]], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1)
_INT64 = 1 << 63


@dataclass(frozen=True)
class Inputs:
    """A feature, the states that it is computed from, and where their numbers stand."""

    feature: Feature
    states: Sequence[State]
    layout: Layout

    def word(self, state: int, field: str) -> int:
        """The word of a field of the feature's n-th state."""
        return self.layout.names[f"{self.states[state].id}.{field}"]

    def name(self, state: int, field: str) -> str:
        """The variable field of the feature's n-th state."""
        return f"{self.states[state].id}.{field}"

    @property
    def type(self) -> str:
        """The DuckDB type of the input."""
        return self.states[0].type


def restorer(duckdb_type: str) -> Callable[[Any], Any]:
    """The function from what a tile keeps of a value to the value."""
    match family(duckdb_type):
        case "text":
            return lambda value: value.decode() if isinstance(value, bytes) else value
        case "boolean":
            return bool
        case "date":
            return lambda days: _EPOCH_DAY + timedelta(days=days)
        case "timestamp":
            return lambda micros: _EPOCH + timedelta(microseconds=micros)
        case "decimal":
            scale = decimal_scale(duckdb_type)
            return lambda unscaled: Decimal(unscaled).scaleb(-scale)
        case _:
            return lambda value: value


def _count(inputs: Inputs) -> Finalizer:
    n = inputs.word(0, "n")
    return lambda numbers, _: numbers[n]


def _total(inputs: Inputs) -> Callable[[Sequence[Any]], Any]:
    """The sum of the feature's first state, exact for integers and decimals."""
    if family(inputs.type) == "float":
        word = inputs.word(0, "sum")
        return lambda numbers: numbers[word]
    high, low = inputs.word(0, "hi"), inputs.word(0, "lo")
    return lambda numbers: numbers[high] * LIMB + numbers[low]


def _sum(inputs: Inputs) -> Finalizer:
    total, n = _total(inputs), inputs.word(1, "n")
    if family(inputs.type) == "float":
        return lambda numbers, _: total(numbers) if numbers[n] else None
    name, restore = inputs.feature.name, restorer(inputs.type)
    limit = 10**28 if family(inputs.type) == "decimal" else _INT64

    def exact(numbers: Sequence[Any], _: Mapping[str, Any]) -> Any:
        if not numbers[n]:
            return None
        value = total(numbers)
        if not -limit <= value < limit:
            raise FetchError(f"{name}: the sum {value} does not fit its type {inputs.feature.type}. Sum a double instead.")
        return restore(value)

    return exact


def _average(inputs: Inputs) -> Finalizer:
    total, n = _total(inputs), inputs.word(1, "n")
    scale = 10 ** decimal_scale(inputs.type) if family(inputs.type) == "decimal" else 1
    return lambda numbers, _: total(numbers) / (numbers[n] * scale) if numbers[n] else None


# Of a prorated window the merged numbers are fractions, for a part of a tile counts by its part.


def _prorated_count(inputs: Inputs) -> Finalizer:
    n = inputs.word(0, "n")
    return lambda numbers, _: float(numbers[n])


def _prorated_sum(inputs: Inputs) -> Finalizer:
    total, n = _total(inputs), inputs.word(1, "n")
    scale = 10 ** decimal_scale(inputs.type) if family(inputs.type) == "decimal" else 1
    return lambda numbers, _: float(total(numbers) / scale) if numbers[n] else None


def _prorated_average(inputs: Inputs) -> Finalizer:
    average = _average(inputs)

    def value(numbers: Sequence[Any], objects: Mapping[str, Any]) -> float | None:
        found = average(numbers, objects)
        return None if found is None else float(found)

    return value


def _extreme(inputs: Inputs) -> Finalizer:
    restore = restorer(inputs.type)
    if family(inputs.type) == "text":
        return _optional(inputs.name(0, "value"), restore)
    value, n = inputs.word(0, "value"), inputs.word(1, "n")
    return lambda numbers, _: restore(numbers[value]) if numbers[n] else None


def _endpoint(inputs: Inputs) -> Finalizer:
    restore = restorer(inputs.type)
    if family(inputs.type) == "text":
        return _optional(inputs.name(0, "value"), restore)
    value = inputs.word(0, "value")
    return lambda numbers, _: None if numbers[value] is None else restore(numbers[value])


def _optional(name: str, restore: Callable[[Any], Any]) -> Finalizer:
    return lambda _, objects: None if objects[name] is None else restore(objects[name])


#: A skew or kurtosis is not made from a variance whose square lies near or beyond the ends of what a double can hold.
_SMALLEST_VARIANCE, _LARGEST_VARIANCE = 1e-150, 1e150


def _variance(numbers: Sequence[Any], n: int, m2: int) -> float | None:
    """Null without values; NaN where a value is not finite, or the square of a distance does not fit a double."""
    if not numbers[n]:
        return None
    variance = numbers[m2] / numbers[n]
    return variance if math.isfinite(variance) else math.nan


def _spread(of: Callable[[float], float]) -> Callable[[Inputs], Finalizer]:
    def spread(inputs: Inputs) -> Finalizer:
        n, m2 = inputs.word(0, "n"), inputs.word(0, "m2")

        def value(numbers: Sequence[Any], _: Mapping[str, Any]) -> float | None:
            variance = _variance(numbers, n, m2)
            return None if variance is None else of(variance)

        return value

    return spread


def _shape(field: str, of: Callable[[float, float], float]) -> Callable[[Inputs], Finalizer]:
    def shape(inputs: Inputs) -> Finalizer:
        n, m2, power = inputs.word(0, "n"), inputs.word(0, "m2"), inputs.word(0, field)

        def value(numbers: Sequence[Any], _: Mapping[str, Any]) -> float | None:
            variance = _variance(numbers, n, m2)
            if not variance:
                return None
            moment = numbers[power] / numbers[n]
            fits = _SMALLEST_VARIANCE < variance < _LARGEST_VARIANCE and math.isfinite(moment)
            return of(moment, variance) if fits else math.nan

        return value

    return shape


def _percentiles(inputs: Inputs) -> Finalizer:
    name, ranks = inputs.name(0, "sketch"), [float(rank) for rank in inputs.feature.params["percentiles"]]
    quantile = _kll_quantile if inputs.feature.params["sketch"] == "kll" else _tdigest_quantile

    def quantiles(_: Sequence[Any], objects: Mapping[str, Any]) -> list[float] | None:
        sketch = objects[name]
        return None if sketch is None or sketch.is_empty() else [quantile(sketch, rank) for rank in ranks]

    return quantiles


def _tdigest_quantile(sketch: Any, rank: float) -> float:
    return sketch.get_quantile(rank)  # type: ignore[no-any-return]


def _kll_quantile(sketch: Any, rank: float) -> float:
    """A value that occurs: the smallest whose rank reaches the one asked, as in Spark. The ends are known exactly."""
    if rank in (0, 1):
        return sketch.get_max_value() if rank else sketch.get_min_value()  # type: ignore[no-any-return]
    return sketch.get_quantile(rank, inclusive=True)  # type: ignore[no-any-return]


def _unique_count(inputs: Inputs) -> Finalizer:
    name = inputs.name(0, "sketch")
    return lambda _, objects: 0 if objects[name] is None else round(objects[name].get_estimate())


def _set_size(inputs: Inputs) -> Finalizer:
    name = inputs.name(0, "entries")
    return lambda _, objects: 0 if objects[name] is None else len(objects[name].values)


def _listed(inputs: Inputs) -> Finalizer:
    restore = restorer(inputs.type)
    return _optional(inputs.name(0, "entries"), lambda entries: [restore(value) for value in entries.values.tolist()])


def _histogram(inputs: Inputs) -> Finalizer:
    restore, k = restorer(inputs.type), int(inputs.feature.params["k"])

    def counts(entries: Entries) -> dict[Any, int]:
        chosen = entries.select(np.argsort(-entries.numbers, kind="stable")[: k or None])  # values are sorted, so ties are by value
        return dict(zip(map(restore, chosen.values.tolist()), chosen.numbers.tolist(), strict=True))

    return _optional(inputs.name(0, "entries"), counts)


def _from_text(duckdb_type: str) -> Callable[[str], Any]:
    """The function from the text that a frequent-items sketch keeps of a value to the value."""
    restore = restorer(duckdb_type)
    match family(duckdb_type):
        case "text":
            return str
        case "boolean":
            return lambda text: text == "true"
        case "date":
            return date.fromisoformat
        case _:
            return lambda text: restore(int(text))


def _top_k(inputs: Inputs) -> Finalizer:
    from datasketches import frequent_items_error_type

    name, k = inputs.name(0, "sketch"), int(inputs.feature.params["k"])
    convert = _from_text(inputs.type)

    def top(_: Sequence[Any], objects: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        if objects[name] is None:
            return None
        found = objects[name].get_frequent_items(frequent_items_error_type.NO_FALSE_NEGATIVES, 0)
        counts = sorted(((convert(item), estimate) for item, estimate, _, _ in found), key=lambda pair: (-pair[1], pair[0]))
        return [{"item": item, "count": count} for item, count in counts[:k]]

    return top


_FINALIZERS: dict[str, Callable[[Inputs], Finalizer]] = {
    "COUNT": _count,
    "SUM": _sum,
    "AVERAGE": _average,
    "MIN": _extreme,
    "MAX": _extreme,
    "VARIANCE": _spread(lambda variance: variance),
    "STDDEV": _spread(math.sqrt),
    "SKEW": _shape("m3", lambda third, variance: third / variance / math.sqrt(variance)),
    "KURTOSIS": _shape("m4", lambda fourth, variance: fourth / variance / variance - 3),
    "FIRST": _endpoint,
    "LAST": _endpoint,
    "FIRST_K": _listed,
    "LAST_K": _listed,
    "LARGEST_K": _listed,
    "SMALLEST_K": _listed,
    "UNIQUE_COUNT": _set_size,
    "BOUNDED_UNIQUE_COUNT": _set_size,
    "HISTOGRAM": _histogram,
    "APPROX_PERCENTILE": _percentiles,
    "APPROX_UNIQUE_COUNT": _unique_count,
    "TOP_K": _top_k,
}


#: The operations of which a part of a tile has a meaning.
_PRORATED: dict[str, Callable[[Inputs], Finalizer]] = {"COUNT": _prorated_count, "SUM": _prorated_sum, "AVERAGE": _prorated_average}


def finalizer(feature: Feature, states: Mapping[str, State], layout: Layout) -> Finalizer:
    """The function from merged states to the value of a feature, its default for an empty window included."""
    compute = _compute(Inputs(feature, [states[state] for state in feature.states], layout))
    if feature.default is None:
        return compute
    default = default_value(feature.default, feature.type)
    empty = 0 if getattr(Operation, feature.operation).counts else None

    def with_default(numbers: Sequence[Any], objects: Mapping[str, Any]) -> Any:
        value = compute(numbers, objects)
        return default if value == empty or value is None else value

    return with_default


def bucket_finalizer(feature: Feature, states: Mapping[str, State], layout: Layout, field: str, bucket_type: str) -> Finalizer:
    """The function from the bucket values of a variable field to a map from each that has a value to what the feature is of it.

    `layout` is that of the small records, `bucket_type` the DuckDB type of the bucket column.
    """
    inputs = Inputs(feature, [states[state] for state in feature.states], layout)
    compute, has_value, restore = _compute(inputs), _has_value(inputs), restorer(bucket_type)
    default = None if feature.default is None else default_value(feature.default, feature.type)

    def by_bucket(_: Sequence[Any], objects: Mapping[str, Any]) -> dict[Any, Any] | None:
        found = {restore(value): compute(numbers, own) for value, numbers, own in objects[field] or () if has_value(numbers, own)}
        return found or default

    return by_bucket


def _compute(inputs: Inputs) -> Finalizer:
    table = _PRORATED if inputs.feature.edge == "prorate" else _FINALIZERS
    return table[inputs.feature.operation](inputs)


def _has_value(inputs: Inputs) -> Callable[[Sequence[Any], Mapping[str, Any]], bool]:
    """Whether merged states are of any value at all, told by a count, the time of a first or last, or the presence of bytes."""
    for state in inputs.states:
        if (n := inputs.layout.names.get(f"{state.id}.n")) is not None:
            return lambda numbers, _: numbers[n] > 0
    for endpoint in inputs.layout.endpoints:
        if endpoint.field == f"{inputs.states[0].id}.value":
            return lambda numbers, _: numbers[endpoint.time] != endpoint.no_time
    name = next(field.name for field in inputs.layout.variable if field.name.rpartition(".")[0] == inputs.states[0].id)
    return lambda _, objects: objects[name] is not None
