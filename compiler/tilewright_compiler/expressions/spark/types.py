"""Types as Spark has them.

Decimals have digits, and unlike parts share a type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlglot import exp

from ...plan.types import family
from ...sql.tree import Node, NotTranslatable, TypeOf
from .ints import is_int_part

#: Digits of whole numbers where they meet decimals.
_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 20, "HUGEINT": 38}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
MOST_DIGITS = 38
#: Digits to which Spark rounds where it turns a decimal's sign, or multiplies seconds.
EXACT_DIGITS = 34


def family_of(duckdb_type: str) -> str | None:
    """Give the family of a type.

    Wide decimals and literals have one too.
    """
    if duckdb_type.startswith("DECIMAL") and not duckdb_type.endswith("]"):
        return "decimal"
    return "integer" if duckdb_type == "HUGEINT" else family(duckdb_type)


def decimal_type(digits: int, scale: int) -> str:
    """Name the DuckDB type of a decimal.

    Raises NotTranslatable if it has more digits than there are, of which Spark drops some.
    """
    if digits > MOST_DIGITS:
        what = f"decimals that together have {digits} digits, of which Spark drops some"
        raise NotTranslatable(f"{what}. Cast its parts to fewer, as in cast(x as decimal(18,2))")
    return f"DECIMAL({digits},{scale})"


def decimal_sizes(duckdb_type: str) -> tuple[int, int]:
    """Give a decimal's digits, and those after the point."""
    match = _DECIMAL.fullmatch(duckdb_type)
    return (int(match[1]), int(match[2])) if match is not None else (0, 0)


def decimal_of(node: Node, type_of: TypeOf) -> tuple[int, int]:
    """Give a number's digits: all, and after the point.

    The number stands beside a decimal.

    Of a literal they are those that it is written with.
    """
    bare = node
    while isinstance(bare, exp.Neg | exp.Paren):
        bare = bare.this
    if isinstance(bare, exp.Literal) and not bare.is_string and "e" not in bare.name.lower():
        whole, _, fraction = bare.name.partition(".")
        return max(len(whole.lstrip("0")) + len(fraction), 1), len(fraction)
    kind = type_of(node)
    if kind == "BIGINT" and is_int_part(node):
        return _DIGITS["INTEGER"], 0
    if kind.startswith("DECIMAL") and not kind.endswith("]"):
        return decimal_sizes(kind)
    if kind in _DIGITS:
        return _DIGITS[kind], 0
    raise NotTranslatable(f"a part of type {kind.lower()} among decimals")


def check_turned(value: Node, type_of: TypeOf) -> None:
    """Refuse to turn the sign where Spark would round."""
    if decimal_sizes(type_of(value))[0] > EXACT_DIGITS:
        raise NotTranslatable(
            f"the opposite or size of a decimal with more than {EXACT_DIGITS} digits, which "
            f"Spark rounds. Cast it to fewer, as in cast(x as decimal({EXACT_DIGITS},2))"
        )


def check_common(nodes: Iterable[Node], type_of: TypeOf) -> None:
    """Refuse decimals whose common type has too many digits.

    Spark then drops digits after the point, or has no room for those before it.
    """
    kinds = [(node, type_of(node)) for node in nodes if not is_null(node)]
    numbers = [node for node, kind in kinds if family_of(kind) in ("integer", "decimal")]
    if len(numbers) < len(kinds) or all(family_of(kind) == "integer" for _, kind in kinds):
        return
    sizes = [decimal_of(node, type_of) for node in numbers]
    # To DuckDB 0.5 has a digit before the point.
    whole = max((digits - scale for digits, scale in sizes), default=1) or 1
    decimal_type(whole + max((scale for _, scale in sizes), default=0), 0)


def families(nodes: Iterable[Node], type_of: TypeOf) -> set[str]:
    """Give the families of parts; of nulls there is none."""
    all_families = set()
    for node in nodes:
        if is_null(node):
            continue
        kind = type_of(node)
        all_families.add(family_of(kind) or kind)
    return all_families


def is_null(node: Node) -> bool:
    """Whether a part is the literal null."""
    return isinstance(node.unnest(), exp.Null)
