"""The operations: what each takes, keeps and gives.

A new one joins here, with its finalizer in the runtime.
"""

from __future__ import annotations

import re
from math import ceil, log2
from typing import TYPE_CHECKING, Any

from .exact import Histogram, UniqueCount
from .percentiles import ApproxPercentile
from .spec import ALL, MOST_LISTED, NUMBERS, ORDERED, Bounds, Counting, Real, States
from .spec import OperationSpec as OperationSpec


class Count(Counting):
    """The number of values that are not null."""

    name = "COUNT"
    states = (("count", {}),)
    prorates = True


class Sum(OperationSpec):
    """The sum, exact for integers and decimals.

    The sum of decimals has ten digits more than its input.
    """

    name = "SUM"
    states = (("sum", {}), ("count", {}))
    accepts = NUMBERS
    prorates = True

    def result(self, input_type: str, family: str) -> str:
        """Give BIGINT, DOUBLE or a wider DECIMAL."""
        if decimal := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", input_type):
            return f"DECIMAL({min(38, int(decimal[1]) + 10)},{decimal[2]})"
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
    """The value of the earliest event.

    Of several at the same time, the largest value.
    """

    name = "FIRST"
    states = (("first", {}),)


class Last(OperationSpec):
    """The value of the latest event.

    Of several at the same time, the largest value.
    """

    name = "LAST"
    states = (("last", {}),)


class ApproxUniqueCount(Counting):
    """The approximate number of different values, by a HyperLogLog sketch.

    The sketch is an HLL_8 of lgK 12, whose standard error is 1.6 %.
    """

    name = "APPROX_UNIQUE_COUNT"
    states = (("hll", {"lg_k": 12, "type": "HLL_8"}),)


class _Sized(OperationSpec):
    """An operation that keeps up to k values."""

    k: int
    bounds = (Bounds("k", 1, MOST_LISTED),)
    positional = ("k",)


class _Listing(_Sized):
    """An operation that lists up to k values.

    Its state has the operation's own name and the same k.
    """

    def kept_states(self) -> States:
        """Give the list itself, with its k."""
        return ((self.name.lower(), {"k": self.k}),)

    def result(self, input_type: str, family: str) -> str:
        """Give a list of the input's type."""
        return f"{input_type}[]"


class FirstK(_Listing):
    """The values of the k earliest events, oldest first.

    Of several at the same time, the larger value comes first.
    """

    name = "FIRST_K"


class LastK(_Listing):
    """The values of the k latest events, newest first.

    Of several at the same time, the larger value comes first.
    """

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
    """The exact number of different values up to k.

    Beyond that the answer stays k.
    """

    name = "BOUNDED_UNIQUE_COUNT"

    def kept_states(self) -> States:
        """Give a set that stops growing at k."""
        return (("bounded", {"k": self.k}),)


class TopK(_Sized):
    """The k most frequent values with approximate counts.

    Ties go by value. The sketch is a frequent-items sketch.
    """

    name = "TOP_K"
    accepts = ALL - {"float"}

    def kept_states(self) -> States:
        """Give a sketch with room for many more than k.

        So counts are exact while there are few different values.
        """
        return (("frequent", {"lg_max_k": max(10, ceil(log2(self.k * 16 / 0.75)))}),)

    def result(self, input_type: str, family: str) -> str:
        """Give items and counts, most frequent first."""
        return f"STRUCT(item {input_type}, count BIGINT)[]"


class _Names(type):
    """Answer a misspelled operation with the nearest known one."""

    if not TYPE_CHECKING:

        def __getattr__(cls, name: str) -> Any:
            from difflib import get_close_matches

            known = [n for n in vars(cls) if n.isupper()]
            near = get_close_matches(name.upper(), known, n=1)
            advice = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
            raise AttributeError(f"Operation has no {name!r}. {advice}")


class Operation(metaclass=_Names):
    """All operations by name.

    Those in the second group take arguments, as in `Operation.TOP_K(5)`.
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
    UNIQUE_COUNT = UniqueCount.of_params({})
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
