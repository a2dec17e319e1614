"""The values of plain expressions: their types, arithmetic and comparisons.

Null is None. Doubles are those of IEEE 754, except that NaN equals itself and is the largest, as in
DuckDB. Integers that leave 64 bits raise OverflowError, which makes the whole value null.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

Kind = Literal["double", "bigint", "integer", "decimal", "boolean", "null"]
DOUBLE: Kind = "double"
BIGINT: Kind = "bigint"
#: An integer of 32 bits, as small literals are.
INTEGER: Kind = "integer"
#: A literal with a point. It stands only beside doubles, which it becomes.
DECIMAL: Kind = "decimal"
BOOLEAN: Kind = "boolean"
NULL: Kind = "null"

Row = Mapping[str, Any]
Compute = Callable[[Row], Any]

_LARGEST = (1 << 63) - 1


class Node(NamedTuple):
    """A part of an expression: its type and computation."""

    kind: Kind
    compute: Compute


def common_kind(*kinds: Kind) -> Kind | None:
    """Find the plain type that values of some types become.

    None if there is none.
    """
    different = set(kinds) - {NULL}
    if not different:
        return None
    if different == {BOOLEAN}:
        return BOOLEAN
    if DOUBLE in different and BOOLEAN not in different:
        return DOUBLE
    if different <= {BIGINT, INTEGER}:
        return BIGINT if BIGINT in different else INTEGER
    return None


def converted(node: Node, kind: Kind) -> Compute:
    """Compute a node as another type."""
    compute = node.compute
    if kind != DOUBLE or node.kind in (DOUBLE, NULL):
        return compute

    def as_double(row: Row) -> Any:
        value = compute(row)
        return None if value is None else float(value)

    return as_double


def checked(number: int) -> int:
    """Require that an integer fits 64 bits."""
    if not -_LARGEST - 1 <= number <= _LARGEST:
        raise OverflowError
    return number


def divided(left: float, right: float) -> float:
    """Divide doubles."""
    if right:
        return left / right
    if left == 0 or left != left or right != right:
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def is_equal(left: Any, right: Any) -> bool:
    """Tell whether numbers are equal; NaN is equal to NaN."""
    return bool(left == right) or (left != left and right != right)


def is_less(left: Any, right: Any) -> bool:
    """Tell whether a number is less than another.

    NaN is the largest.
    """
    return bool(left < right) or (right != right and left == left)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": is_equal,
    "<>": lambda left, right: not is_equal(left, right),
    "<": is_less,
    ">": lambda left, right: is_less(right, left),
    "<=": lambda left, right: not is_less(right, left),
    ">=": lambda left, right: not is_less(left, right),
}
ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


def of_both(left: Compute, right: Compute, work: Callable[[Any, Any], Any]) -> Compute:
    """Apply a function to two values.

    The result is null if one of them is.
    """

    def compute(row: Row) -> Any:
        first, second = left(row), right(row)
        return None if first is None or second is None else work(first, second)

    return compute


def of_one(operand: Compute, work: Callable[[Any], Any]) -> Compute:
    """Apply a function to a value.

    The result is null if the value is.
    """

    def compute(row: Row) -> Any:
        value = operand(row)
        return None if value is None else work(value)

    return compute


def tried(compute: Compute) -> Compute:
    """Give null where an integer leaves 64 bits."""

    def value(row: Row) -> Any:
        try:
            return compute(row)
        except OverflowError:
            return None

    return value


def joined(parts: list[Compute], decisive: bool) -> Compute:
    """Join conditions by AND or OR.

    It is AND if false is decisive, and OR if true is. All parts are computed, as in DuckDB, where
    an overflow in any of them is one of the whole.
    """

    def compute(row: Row) -> bool | None:
        values = [part(row) for part in parts]
        if decisive in values:
            return decisive
        return None if None in values else not decisive

    return compute
