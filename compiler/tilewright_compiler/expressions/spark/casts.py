"""Casts as Spark does them.

They go towards zero, give null where they are not possible, and write texts as Spark does.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, call, data_type, number, paren, text, tried
from . import text_patterns
from .types import EXACT_DIGITS, MOST_DIGITS, decimal_of, decimal_sizes, decimal_type, family_of
from .written import as_text, shown

_TYPE = exp.DataType.Type
_WHOLE = {
    _TYPE.TINYINT: "TINYINT",
    _TYPE.SMALLINT: "SMALLINT",
    _TYPE.INT: "INTEGER",
    _TYPE.BIGINT: "BIGINT",
}
_TARGETS = {
    **_WHOLE,
    _TYPE.FLOAT: "FLOAT",
    _TYPE.DOUBLE: "DOUBLE",
    _TYPE.BOOLEAN: "BOOLEAN",
    _TYPE.DATE: "DATE",
    _TYPE.TEXT: "VARCHAR",
    _TYPE.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
    _TYPE.TIMESTAMPTZ: "TIMESTAMP WITH TIME ZONE",
    _TYPE.TIMESTAMPLTZ: "TIMESTAMP WITH TIME ZONE",
    _TYPE.TIMESTAMPNTZ: "TIMESTAMP",
}
_US = 1_000_000
_US_DIGITS = 6
#: Digits after the point beside which a count of microseconds has room.
_MOST_FRACTION = 19
#: Digits after the point of seconds that Spark multiplies without rounding.
_EXACT_FRACTION = 21
_HUGE = "1e308"


def to_date(value: Node, type_of: TypeOf) -> Node:
    """Give the day of a text, date or timestamp."""
    kind = type_of(value)
    match family_of(kind):
        case "text":
            return from_text(value, "DATE")
        case "date":
            return value
        case "timestamp":
            return tried(value, "DATE")
    raise NotTranslatable(f"a date made of {shown(kind)}")


def to_timestamp(value: Node, type_of: TypeOf) -> Node:
    """Convert a text, date or timestamp to an instant."""
    kind = type_of(value)
    match family_of(kind):
        case "text":
            return from_text(value, "TIMESTAMP WITH TIME ZONE")
        case "date" | "timestamp":
            return value if kind.endswith("ZONE") else tried(value, "TIMESTAMP WITH TIME ZONE")
    raise NotTranslatable(
        f"a time that is {shown(kind)}. Make a timestamp of it, as in timestamp_seconds(x)"
    )


def from_seconds(value: Node, type_of: TypeOf) -> Node:
    """Give the instant so many seconds after the epoch."""
    match family_of(type_of(value)):
        case "integer":
            micros: Node = exp.Mul(this=tried(value, "BIGINT"), expression=number(_US))
        case "float":
            product = exp.Mul(this=tried(value, "DOUBLE"), expression=number(_US))
            micros = tried(call("TRUNC", product), "BIGINT")
        case _:
            digits, scale = decimal_of(value, type_of)
            if scale > _EXACT_FRACTION and digits > EXACT_DIGITS:
                raise NotTranslatable(
                    f"a time of more than {EXACT_DIGITS} digits, which Spark rounds. Cast it to "
                    "fewer, as in cast(x as decimal(18,6))"
                )
            if scale > _MOST_FRACTION:  # of which microseconds are taken, so that the rest has room
                value, scale = call("TRUNC", value, number(_US_DIGITS)), _US_DIGITS
            exact = exp.Cast(this=value, to=data_type(decimal_type(MOST_DIGITS, scale)))
            micros = tried(call("TRUNC", exp.Mul(this=exact, expression=number(_US))), "BIGINT")
    return call("MAKE_TIMESTAMPTZ", micros)


def from_text(value: Node, duckdb_type: str) -> Node:
    """Read a text as Spark does.

    A text that is no such value gives null.

    Raises NotTranslatable if a literal text is none.
    """
    if isinstance(value, exp.Literal) and text_patterns.is_plain(value.name, duckdb_type):
        return tried(value, duckdb_type)
    match duckdb_type:
        case "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT":
            led = call("REGEXP_REPLACE", value, text(text_patterns.LEADING_POINT), text(r"\10."))
            return tried(_extracted(led, text_patterns.WHOLE), duckdb_type)
        case "DOUBLE" | "FLOAT":
            return tried(_extracted(value, text_patterns.FLOAT), duckdb_type)
        case "BOOLEAN":
            return tried(_extracted(value, text_patterns.WORD), duckdb_type)
        case "DATE":
            return tried(_day(_extracted(value, text_patterns.DATE), ""), "DATE")
        case "TIMESTAMP" | "TIMESTAMP WITH TIME ZONE":
            return _instant(value, duckdb_type)
    return _of_digits(_extracted(value, text_patterns.DECIMAL), duckdb_type)


def _of_digits(value: Node, duckdb_type: str) -> Node:
    """Read a decimal's text, which may have an exponent.

    DuckDB wants room for all digits before the point, though the exponent may move it.
    """
    digits, scale = decimal_sizes(duckdb_type)
    if digits == MOST_DIGITS:
        if scale == MOST_DIGITS:
            raise NotTranslatable("decimal(38,38), which has no digit before the point")
        return tried(value, duckdb_type)
    return tried(tried(value, decimal_type(MOST_DIGITS, scale)), duckdb_type)


def _extracted(value: Node, pattern: str) -> Node:
    return call("REGEXP_EXTRACT", value, text(pattern), number(1))


def _day(date: Node, rest: str) -> Node:
    """Complete the day that a text gives.

    The text may end after its year or its month.
    """
    filled = exp.DPipe(this=date, expression=text("-01-01"))
    return call("REGEXP_EXTRACT", filled, text(text_patterns.DAY_PARTS + rest))


def _instant(value: Node, duckdb_type: str) -> Node:
    is_zoned = duckdb_type.endswith("ZONE")
    usual = text_patterns.ZONED_TIME if is_zoned else text_patterns.PLAIN_TIME
    short = _day(_extracted(value.copy(), text_patterns.SHORT_TIME), "(?:[ T][0-9]+)?")
    hour = call("REGEXP_REPLACE", short, text("([ T][0-9]+)$"), text(r"\1:00"))
    return call("COALESCE", tried(_extracted(value, usual), duckdb_type), tried(hour, duckdb_type))


def to_whole(value: Node, duckdb_type: str, type_of: TypeOf) -> Node:
    """Convert a value to a whole number.

    It is cut towards zero; a timestamp gives its seconds since the epoch.
    """
    kind = type_of(value)
    match family_of(kind):
        case "float" | "decimal":
            value = call("TRUNC", value)
        case "text":
            return from_text(value, duckdb_type)
        case "timestamp" if kind.endswith("ZONE"):
            value = since_epoch(value)
        case "integer" | "boolean":
            pass
        case _:
            raise NotTranslatable(
                f"a cast of {shown(kind)} to a number. Use datediff or unix_timestamp"
            )
    return tried(value, duckdb_type)


def since_epoch(timestamp: Node, unit: str = "SECOND", unit_us: int = _US) -> Node:
    """Give a timestamp's whole seconds since the epoch, floored.

    `unit` may be another one than seconds.
    """
    floored = call("EPOCH_US", call("DATE_TRUNC", text(unit), tried(timestamp, "TIMESTAMP")))
    return paren(exp.IntDiv(this=floored, expression=number(unit_us)))


def _cast(node: Node, type_of: TypeOf) -> Node:
    to, value = node.args["to"], node.this.copy()
    if isinstance(value, exp.Literal) and not value.is_string and _is_suffixed(value, to.this):
        return exp.TryCast(this=value, to=to.copy())  # 1L and the like
    if isinstance(value, exp.Null):
        return exp.TryCast(this=value, to=to.copy())
    if to.this == _TYPE.ARRAY:
        return _cast_list(value, to, type_of)
    if to.this == _TYPE.FLOAT and type_of(value) in ("INTEGER", "BIGINT") and _is_inside(node):
        raise NotTranslatable(
            "a cast of whole numbers to float inside of something else, which Spark leaves out "
            "where the float becomes a double. Cast to double"
        )
    return cast_to(value, _target(to), type_of, is_strict=bool(node.args.get("safe")))


def _is_inside(node: Node) -> bool:
    """Tell whether a part is an operand.

    It is none if it is the value.
    """
    around = node.parent
    while isinstance(around, exp.Paren):
        around = around.parent
    return around is not None


def _is_suffixed(literal: Node, to: object) -> bool:
    """Tell whether a literal's suffix gives it the cast's type.

    1L and 1.5D are such literals.
    """
    if to == _TYPE.FLOAT:  # 1e39 is a double that no float has room for
        return "e" not in literal.name.lower()
    return to == _TYPE.DOUBLE or (to in _WHOLE and literal.is_int)


def _target(to: Node) -> str:
    """The DuckDB type that a cast names."""
    sizes = [int(part.name) for part in to.expressions if part.name.isdigit()]
    if to.this == _TYPE.DECIMAL:
        digits, scale = [*sizes, 10, 0][:2] if not sizes else [*sizes, 0][:2]
        if not 1 <= digits <= MOST_DIGITS or scale > digits:
            declared = f"decimal({digits},{scale})"
            raise NotTranslatable(f"{declared}. Write decimal(p,s) with s ≤ p ≤ 38")
        return f"DECIMAL({digits},{scale})"
    if to.this not in _TARGETS or sizes:
        raise NotTranslatable(f"a cast to {to.sql('spark').lower()}. Use a plain type or string")
    return _TARGETS[to.this]


def cast_to(value: Node, kind: str, type_of: TypeOf, is_strict: bool = False) -> Node:
    """Cast a value to a DuckDB type as Spark does.

    If strict, it does what Spark's try_cast does.
    """
    own = type_of(value)
    source = family_of(own)
    if own == kind:
        return value
    match source, family_of(kind):
        case _, "text":
            return as_text(value, type_of)
        case _, "date":
            return to_date(value, type_of)
        case "text", "timestamp":
            return from_text(value, kind)
        case "integer" | "float" | "decimal", "timestamp" if kind.endswith("ZONE"):
            return tried(from_seconds(value, type_of), kind)
        case _, "timestamp":
            return tried(to_timestamp(value, type_of), kind)
        case "text", "integer" if is_strict:
            return tried(_extracted(value, text_patterns.STRICT_WHOLE), kind)
        case "text", _:
            return from_text(value, kind)
        case "integer" | "decimal" | "float" | "boolean" | "timestamp", "integer":
            return to_whole(value, kind, type_of)
        case "float", "decimal":  # its digits are those of its shortest text
            return _of_digits(tried(tried(value, "DOUBLE"), "TEXT"), kind)
        case "float", "float" if kind == "FLOAT":
            return _narrowed(value)
        case "integer" | "decimal" | "float" | "boolean", _:
            return tried(value, kind)
    raise NotTranslatable(
        f"a cast of {shown(own)} to {shown(kind)}. Use unix_millis, unix_timestamp or datediff"
    )


def _narrowed(value: Node) -> Node:
    """Make a float of a double, infinite beyond its range.

    A product with a number so large is infinite for all that no float has room for.
    """
    larger = exp.Mul(this=paren(value.copy()), expression=exp.Literal.number(_HUGE))
    return call("COALESCE", tried(value, "FLOAT"), tried(larger, "FLOAT"))


def _cast_list(value: Node, to: Node, type_of: TypeOf) -> Node:
    own = type_of(value)
    wanted = _target(to.expressions[0]) if to.expressions else ""
    numbers = ("integer", "float", "decimal")
    is_list = own.endswith("[]") and family_of(own.removesuffix("[]")) == "integer"
    is_narrower = family_of(wanted) == "integer" and wanted != "BIGINT"
    if not is_list or family_of(wanted) not in numbers or (is_narrower and own != f"{wanted}[]"):
        raise NotTranslatable(f"a cast of {own.lower()} to {to.sql('spark').lower()}")
    return exp.TryCast(this=value, to=data_type(f"{wanted}[]"))


CASTS: dict[type[Node], Callable[[Node, TypeOf], Node]] = {exp.Cast: _cast, exp.TryCast: _cast}

#: Types that are functions too.
CASTS_BY_NAME: dict[str, str] = {
    "bigint": "BIGINT",
    "smallint": "SMALLINT",
    "tinyint": "TINYINT",
    "decimal": "DECIMAL(10,0)",
}
