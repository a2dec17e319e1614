"""The operations: what each takes, keeps and gives.

A new one joins here, with its finalizer in the runtime.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from math import ceil, log2
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from .operation_spec import ALL, NUMBERS, ORDERED, Counting, Real, States
from .operation_spec import OperationSpec as OperationSpec

_Size = Annotated[int, Ge(1), Le(10_000)]


class Count(Counting):
    """How many values are not null."""

    name = "COUNT"
    states = (("count", {}),)
    prorates = True


class Sum(OperationSpec):
    """The sum; of integers exact, of decimals exact and ten digits wider."""

    name = "SUM"
    states = (("sum", {}), ("count", {}))
    accepts = NUMBERS
    prorates = True

    def result(self, input_type: str, family: str) -> str:
        """BIGINT, DOUBLE or a wider DECIMAL."""
        if found := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", input_type):
            return f"DECIMAL({min(38, int(found[1]) + 10)},{found[2]})"
        return "BIGINT" if family == "integer" else "DOUBLE"


class Average(Real):
    """The arithmetic mean."""

    name = "AVERAGE"
    states = (("sum", {}), ("count", {}))
    prorates = True


class Variance(Real):
    """The population variance."""

    name = "VARIANCE"
    states = (("variance", {}),)


class Stddev(Real):
    """The population standard deviation."""

    name = "STDDEV"
    states = (("variance", {}),)


class Skew(Real):
    """The population skewness; null at variance 0."""

    name = "SKEW"
    states = (("moments", {}),)


class Kurtosis(Real):
    """The population excess kurtosis; null at variance 0."""

    name = "KURTOSIS"
    states = (("moments", {}),)


class Min(OperationSpec):
    """The smallest value."""

    name = "MIN"
    states = (("min", {}), ("count", {}))
    accepts = ORDERED


class Max(OperationSpec):
    """The largest value."""

    name = "MAX"
    states = (("max", {}), ("count", {}))
    accepts = ORDERED


class First(OperationSpec):
    """The value of the earliest event; of equal times the larger value."""

    name = "FIRST"
    states = (("first", {}),)


class Last(OperationSpec):
    """The value of the latest event; of equal times the larger value."""

    name = "LAST"
    states = (("last", {}),)


class UniqueCount(Counting):
    """How many different values, exactly; a tile keeps all of them."""

    name = "UNIQUE_COUNT"
    states = (("unique", {}),)


class ApproxUniqueCount(Counting):
    """How many different values, by a HyperLogLog sketch (HLL_8, lgK 12: 1.6 % standard error)."""

    name = "APPROX_UNIQUE_COUNT"
    states = (("hll", {"lg_k": 12, "type": "HLL_8"}),)


def _of_its_sketch(value: int | None, info: ValidationInfo) -> int | None:
    sketch = info.data.get("sketch")
    if value is None or sketch is None or _SKETCH_SIZES[sketch] == info.field_name:
        return value
    what = f"the sketch {sketch!r} has no {info.field_name}. Its size is {_SKETCH_SIZES[sketch]}=…"
    raise PydanticCustomError("tw:bad-value", "{what}", {"what": f"{what}, 200 by default."})


#: sketch -> the argument that says its size
_SKETCH_SIZES = {"tdigest": "compression", "kll": "k"}


class ApproxPercentile(OperationSpec):
    """Values below which the given fractions lie, by a t-digest or a KLL sketch, in the order of
    the arguments.

    `compression=` is the size of a t-digest, `k=` that of a KLL sketch, both 200 by default.
    """

    name = "APPROX_PERCENTILE"
    accepts = NUMBERS
    percentiles: Annotated[Sequence[Annotated[float, Ge(0), Le(1)]], MinLen(1)] = Field(
        kw_only=False
    )
    sketch: Literal["tdigest", "kll"] = "tdigest"
    compression: Annotated[int | None, Ge(10), Le(10_000), AfterValidator(_of_its_sketch)] = None
    k: Annotated[int | None, Ge(8), Le(65_535), AfterValidator(_of_its_sketch)] = None
    _positional = ("percentiles",)

    @property
    def suffix(self) -> str:
        """Without k, which is the size of a sketch and no part of what is asked."""
        return self.name.lower()

    @property
    def params(self) -> dict[str, Any]:
        """The parameters as the plan holds them; the size stands with the state."""
        return {"percentiles": [float(p) for p in self.percentiles], "sketch": self.sketch}

    def kept_states(self) -> States:
        """One sketch of a size, however many percentiles are asked of it."""
        return ((self.sketch, {"k": getattr(self, _SKETCH_SIZES[self.sketch]) or 200}),)

    def result(self, input_type: str, family: str) -> str:
        """A list, also of one."""
        return "DOUBLE[]"


class _Sized(OperationSpec):
    """An operation with a number of values to keep."""

    k: _Size = Field(kw_only=False)
    _positional = ("k",)


class _Listing(_Sized):
    """An operation that lists k values; its state is of its own name and keeps as many."""

    def kept_states(self) -> States:
        """The list itself, with its k."""
        return ((self.name.lower(), {"k": self.k}),)

    def result(self, input_type: str, family: str) -> str:
        """A list of values."""
        return f"{input_type}[]"


class FirstK(_Listing):
    """The values of the k earliest events, oldest first; of equal times the larger value first."""

    name = "FIRST_K"


class LastK(_Listing):
    """The values of the k latest events, newest first; of equal times the larger value first."""

    name = "LAST_K"


class LargestK(_Listing):
    """The k largest values, descending."""

    name = "LARGEST_K"
    accepts = ORDERED


class SmallestK(_Listing):
    """The k smallest values, ascending."""

    name = "SMALLEST_K"
    accepts = ORDERED


class BoundedUniqueCount(Counting, _Sized):
    """How many different values, exactly up to k; from there on the answer stays k."""

    name = "BOUNDED_UNIQUE_COUNT"

    def kept_states(self) -> States:
        """A set that stops growing at k."""
        return (("bounded", {"k": self.k}),)


class TopK(_Sized):
    """The k most frequent values with their counts, by a frequent-items sketch; ties by value."""

    name = "TOP_K"
    accepts = ALL - {"float"}

    def kept_states(self) -> States:
        """A sketch with room for far more candidates than k, so that counts are exact while values
        are few.
        """
        return (("frequent", {"lg_max_k": max(10, ceil(log2(self.k * 16 / 0.75)))}),)

    def result(self, input_type: str, family: str) -> str:
        """Items and counts, most frequent first."""
        return f"STRUCT(item {input_type}, count BIGINT)[]"


class Histogram(OperationSpec):
    """How often each value occurs, exactly, for the k most frequent, ties by value; 0 keeps all."""

    name = "HISTOGRAM"
    states = (("histogram", {}),)
    k: Annotated[int, Ge(0), Le(10_000)] = Field(default=0, kw_only=False)
    _positional = ("k",)

    def result(self, input_type: str, family: str) -> str:
        """Counts by value."""
        return f"MAP({input_type}, BIGINT)"


class _Names(type):
    """Answers a misspelled operation with the nearest known one."""

    if not TYPE_CHECKING:

        def __getattr__(cls, name: str) -> Any:
            known = [n for n in vars(cls) if n.isupper()]
            near = get_close_matches(name.upper(), known, n=1)
            raise AttributeError(
                f"Operation has no {name!r}. "
                + (f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}.")
            )


class Operation(metaclass=_Names):
    """All operations by name; those in the second group take arguments, as in
    `Operation.TOP_K(5)`.
    """

    COUNT = Count()
    SUM = Sum()
    AVERAGE = Average()
    MIN = Min()
    MAX = Max()
    VARIANCE = Variance()
    STDDEV = Stddev()
    SKEW = Skew()
    KURTOSIS = Kurtosis()
    FIRST = First()
    LAST = Last()
    UNIQUE_COUNT = UniqueCount()
    APPROX_UNIQUE_COUNT = ApproxUniqueCount()

    FIRST_K = FirstK
    LAST_K = LastK
    LARGEST_K = LargestK
    SMALLEST_K = SmallestK
    BOUNDED_UNIQUE_COUNT = BoundedUniqueCount
    HISTOGRAM = Histogram
    TOP_K = TopK
    APPROX_PERCENTILE = ApproxPercentile
    PERCENTILE = ApproxPercentile
