"""The author's expressions in Flink SQL: a table from parts to what gives the same value there; what is not in it is refused.

The way goes over the DuckDB SQL that the embedded writer runs, which says in full what the author's dialect means. A
timestamp is a BIGINT of microseconds inside a job, since Flink has no way to take the number out of one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from .binder import Binder
from .expressions import ExpressionError, shown
from .flink_casts import (
    UNITS_US,
    US,
    WHOLE,
    carrier,
    decimal_digits,
    floored,
    is_nan,
    narrowed,
    plain_cast,
    tried_cast,
    wide,
)
from .flink_dialect import Flink
from .plan import Source
from .spark_casts import WHOLE_IN_TEXT, family_of
from .sqltree import Node, NotTranslatable, call, number, text

_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}
_NUMBERS = {"integer", "float", "decimal"}
#: What the parts of a tree may say; anything else would be lost when a part is written anew.
_ARGUMENTS = {
    *("this", "expression", "expressions", "quoted", "is_string", "to", "safe", "typed", "ifs", "default", "true", "false"),
    *("low", "high", "negate", "start", "length", "position", "replacement", "group", "null_if_pos_overflow", "unit", "date_part_boundary"),
}


@dataclass(frozen=True)
class Translated:
    """An expression in Flink SQL, its DuckDB type, and the columns that it reads."""

    tree: Node
    type: str
    columns: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The text."""
        return str(self.tree.sql(Flink, identify=True, comments=False))


def to_flink(written: str, source: Source, binder: Binder) -> Translated:
    """One expression of a source, as it stands in the plan, over columns that have the types of the source's schema.

    Raises:
        NotTranslatable: if a part is not known to give the same value in Flink; the text is a sentence.
    """
    columns = {column.name: column.type for column in source.columns}
    try:
        bound = binder.bind(written, source.dialect, columns)
        tree = sqlglot.parse_one(bound.sql, read="duckdb")
        return Translated(_Translation(columns, binder).of(tree), bound.type, bound.columns)
    except (NotTranslatable, ExpressionError) as error:
        advice = "Compute the column before the stream, or write it with other functions"
        raise NotTranslatable(f"{shown(written)} holds {str(error).rstrip('.')}. {advice}.") from None


class _Translation:
    """One expression on its way from DuckDB to Flink."""

    def __init__(self, columns: dict[str, str], binder: Binder) -> None:
        self._columns = columns
        self._binder = binder
        self._types: dict[str, str] = {}

    def of(self, node: Node) -> Node:
        """A part in Flink SQL."""
        rule = _RULES.get(type(node))
        if rule is None:
            what = node.name if isinstance(node, exp.Anonymous) else node.sql_name() if isinstance(node, exp.Func) else node.key
            raise NotTranslatable(f"{what.lower()}, which is not known to give the same value in Flink")
        if unknown := {name for name, value in node.args.items() if value} - _ARGUMENTS:
            raise NotTranslatable(f"{node.key} with {min(unknown)}, which is not known to give the same value in Flink")
        return rule(self, node)

    def type_of(self, node: Node) -> str:
        """The DuckDB type of a part that is still in DuckDB SQL."""
        sql = str(node.sql("duckdb"))
        if sql not in self._types:
            self._types[sql] = self._binder.type_of(sql, self._columns)
        return self._types[sql]

    def common_type(self, *nodes: Node) -> str:
        """The type that DuckDB gives to a choice among parts."""
        return self.type_of(call("COALESCE", *(node.copy() for node in nodes)))

    def as_type(self, node: Node, kind: str) -> Node:
        """A part, cast to a type if it has another."""
        own = self.type_of(node)
        return self.of(node) if own == kind or isinstance(node, exp.Null) else tried_cast(self.of(node), own, kind)

    def family(self, node: Node) -> str:
        """The family of a part."""
        found = family_of(self.type_of(node))
        if found is None:
            raise NotTranslatable(f"a part of type {self.type_of(node).lower()}, which Flink computes in another way")
        return found


Rule = Callable[[_Translation, Node], Node]


def _same(t: _Translation, node: Node) -> Node:
    """The node over its translated parts."""
    new = node.copy()
    for key, value in node.args.items():
        if isinstance(value, Node):
            new.set(key, t.of(value))
        elif isinstance(value, list):
            new.set(key, [t.of(part) if isinstance(part, Node) else part for part in value])
    return new


def _column(t: _Translation, node: Node) -> Node:
    return exp.column(node.name, quoted=True)


def _literal(t: _Translation, node: Node) -> Node:
    if isinstance(node, exp.Literal) and not node.is_string and t.type_of(node) == "HUGEINT":
        raise NotTranslatable(f"{node.name}, which no 64-bit integer holds")
    return node.copy()


def _is(t: _Translation, node: Node) -> Node:
    if not isinstance(node.expression, exp.Null | exp.Boolean):
        raise NotTranslatable("IS with something else than NULL, TRUE or FALSE")
    return exp.Is(this=exp.paren(t.of(node.this)), expression=node.expression.copy())


def _case(t: _Translation, node: Node) -> Node:
    kind, operand = t.type_of(node), node.this
    ifs = []
    for branch in node.args["ifs"]:
        condition = exp.EQ(this=operand.copy(), expression=branch.this.copy()) if operand is not None else branch.this
        ifs.append(exp.If(this=t.of(condition), true=t.as_type(branch.args["true"], kind)))
    default = node.args.get("default")
    return exp.Case(ifs=ifs, default=t.as_type(default, kind) if default is not None else None)


def _if(t: _Translation, node: Node) -> Node:
    false = node.args.get("false")
    return _case(t, exp.Case(ifs=[exp.If(this=node.this.copy(), true=node.args["true"].copy())], default=false and false.copy()))


def _coalesce(t: _Translation, node: Node) -> Node:
    kind = t.type_of(node)
    return call("COALESCE", *(t.as_type(part, kind) for part in [node.this, *node.expressions]))


def _nullif(t: _Translation, node: Node) -> Node:
    equal = exp.EQ(this=node.this.copy(), expression=node.expression.copy())
    return exp.Case(ifs=[exp.If(this=_compared(t, equal), true=exp.Null())], default=t.as_type(node.this, t.type_of(node)))


def _compared(t: _Translation, node: Node) -> Node:
    families = {t.family(part) for part in (node.this, node.expression) if not isinstance(part, exp.Null)}
    if len(families) > 1 and not families <= _NUMBERS:
        raise NotTranslatable(f"a comparison of {' with '.join(sorted(families))}; cast one of them")
    if "float" not in families:
        return exp.paren(type(node)(this=exp.paren(t.of(node.this)), expression=exp.paren(t.of(node.expression))))
    left, right = (plain_cast(t.of(part), "DOUBLE") for part in (node.this, node.expression))
    plain = type(node)(this=left, expression=right)
    left_nan, right_nan = (
        None if _is_finite(part) else is_nan(side.copy()) for part, side in ((node.this, left), (node.expression, right))
    )
    nan = _by_nan(node, left_nan, right_nan)
    if nan is None:
        return exp.paren(plain)
    return exp.paren(exp.and_(plain, exp.not_(exp.paren(nan))) if isinstance(node, exp.NEQ) else exp.or_(plain, nan))


def _by_nan(node: Node, left_nan: Node | None, right_nan: Node | None) -> Node | None:
    """When a comparison holds since a side is NaN, or for `<>` when it does not; None for never.

    As in DuckDB and Spark NaN equals itself and is larger than any number, which Java's comparisons do not know. A side that
    cannot be NaN has None.
    """
    larger, smaller = (left_nan, right_nan) if isinstance(node, exp.GT | exp.GTE) else (right_nan, left_nan)
    if isinstance(node, exp.EQ | exp.NEQ):
        return None if larger is None or smaller is None else exp.and_(larger, smaller)
    if isinstance(node, exp.GT | exp.LT) and larger is not None and smaller is not None:
        return exp.and_(larger, exp.not_(smaller))
    return larger


def _is_finite(node: Node) -> bool:
    inner = node
    while isinstance(inner, exp.Paren | exp.Neg | exp.Cast):
        inner = inner.this
    return isinstance(inner, exp.Literal) and not inner.is_string


def _between(t: _Translation, node: Node) -> Node:
    low = exp.GTE(this=node.this.copy(), expression=node.args["low"].copy())
    high = exp.LTE(this=node.this.copy(), expression=node.args["high"].copy())
    return exp.paren(exp.and_(_compared(t, low), _compared(t, high)))


def _in(t: _Translation, node: Node) -> Node:
    return exp.paren(exp.or_(*(_compared(t, exp.EQ(this=node.this.copy(), expression=one.copy())) for one in node.expressions)))


def _arithmetic(t: _Translation, node: Node) -> Node:
    kind = t.type_of(node)
    if t.family(node.this) == "date":
        return _date_arithmetic(t, node, kind)
    match family_of(kind):
        case "float":
            left, right = (plain_cast(t.of(part), kind) for part in (node.this, node.expression))
            return exp.paren(type(node)(this=left, expression=right))
        case "decimal":
            digits = [int(decimal_digits(_as_decimal(t.type_of(part)))[0]) for part in (node.this, node.expression)]
            if sum(digits) + 1 > 38:
                raise NotTranslatable("arithmetic of decimals with more than 37 digits together, of which Flink drops some")
            left, right = (plain_cast(t.of(part), _as_decimal(t.type_of(part))) for part in (node.this, node.expression))
            return exp.paren(type(node)(this=left, expression=right))
        case "integer":
            left, right = (wide(t.of(part)) for part in (node.this, node.expression))
            return narrowed(type(node)(this=left, expression=right), kind)
    raise NotTranslatable(f"arithmetic that gives {kind.lower()}, which Flink computes in another way")


def _date_arithmetic(t: _Translation, node: Node, kind: str) -> Node:
    other = t.family(node.expression)
    if isinstance(node, exp.Sub) and other == "date":
        return plain_cast(call("TIMESTAMPDIFF", exp.var("DAY"), t.of(node.expression), t.of(node.this)), "BIGINT")
    if kind == "DATE" and other == "integer":
        days = plain_cast(t.of(node.expression), "INTEGER")
        return call("TIMESTAMPADD", exp.var("DAY"), days if isinstance(node, exp.Add) else exp.Neg(this=days), t.of(node.this))
    raise NotTranslatable("arithmetic of a date that does not add days to it")


def _negated(t: _Translation, node: Node) -> Node:
    if isinstance(node.this, exp.Literal) or t.family(node) in ("float", "decimal"):
        return exp.Neg(this=exp.paren(t.of(node.this)))
    return _arithmetic(t, exp.Sub(this=number(0), expression=node.this.copy()))


def _divided(t: _Translation, node: Node) -> Node:
    left, right = (plain_cast(t.of(part), "DOUBLE") for part in (node.this, node.expression))
    return exp.paren(exp.Div(this=left, expression=call("NULLIF", right, exp.Literal.number("0e0"))))


def _whole_divided(t: _Translation, node: Node) -> Node:
    kind = t.type_of(node)
    if kind not in WHOLE or {t.family(node.this), t.family(node.expression)} != {"integer"}:
        raise NotTranslatable("a remainder or whole division of fractions")
    left = plain_cast(t.of(node.this), "BIGINT")
    right = call("NULLIF", plain_cast(t.of(node.expression), "BIGINT"), number(0))
    value = call("MOD", left, right) if isinstance(node, exp.Mod) else exp.paren(exp.Div(this=left, expression=right))
    return plain_cast(value, kind)


def _absolute(t: _Translation, node: Node) -> Node:
    if t.family(node.this) == "integer":
        negative = exp.LT(this=node.this.copy(), expression=number(0))
        return _if(t, exp.If(this=negative, true=exp.Neg(this=exp.paren(node.this.copy())), false=node.this.copy()))
    return call("ABS", t.of(node.this))


def _truncated(t: _Translation, node: Node) -> Node:
    if node.args.get("decimals") is not None or node.expressions:
        raise NotTranslatable("a truncation to some digits")
    value = t.of(node.this)
    match t.family(node.this):
        case "float":  # Flink's own goes over decimals, which have no NaN
            negative = exp.LT(this=value, expression=exp.Literal.number("0e0"))
            return exp.Case(ifs=[exp.If(this=negative, true=call("CEIL", value.copy()))], default=call("FLOOR", value.copy()))
        case "decimal":
            return plain_cast(call("TRUNCATE", value, number(0)), t.type_of(node))
    return value


def _rounded_down(t: _Translation, node: Node) -> Node:
    if t.family(node.this) != "float" or node.args.get("decimals") is not None:
        raise NotTranslatable("a rounding of a decimal")
    return call("FLOOR" if isinstance(node, exp.Floor) else "CEIL", t.of(node.this))


def _root(t: _Translation, node: Node) -> Node:
    return call("SQRT", plain_cast(t.of(node.this), "DOUBLE"))


def _casted(t: _Translation, node: Node) -> Node:
    kind = t.type_of(node)
    if (parsed := _whole_of_text(t, node.this, kind)) is not None:
        return parsed
    if isinstance(node.this, exp.Null):
        return plain_cast(exp.Null(), carrier(kind))
    t.family(node.this)
    return tried_cast(t.of(node.this), t.type_of(node.this), kind)


def _whole_of_text(t: _Translation, node: Node, kind: str) -> Node | None:
    """The cast of a text to a whole number, which stands in DuckDB SQL as the extraction of its digits."""
    if not isinstance(node, exp.Nullif) or not isinstance(node.this, exp.RegexpExtract):
        return None
    pattern = node.this.expression
    if kind not in WHOLE or not isinstance(pattern, exp.Literal) or pattern.name != WHOLE_IN_TEXT:
        return None
    return plain_cast(call("REGEXP_EXTRACT", t.of(node.this.this), text(WHOLE_IN_TEXT), number(1)), kind, exp.TryCast)


def _substring(t: _Translation, node: Node) -> Node:
    start, length = node.args.get("start"), node.args.get("length")
    parts = [part for part in (start, length) if part is not None]
    if start is None or not all(isinstance(part, exp.Literal) and part.is_int for part in parts) or start.name == "0":
        raise NotTranslatable("substring with places that are not whole numbers from 1 on")
    return call("SUBSTRING", t.of(node.this), *(part.copy() for part in parts))


def _end_of_text(t: _Translation, node: Node) -> Node:
    length = node.expression
    if not (isinstance(length, exp.Literal) and length.is_int):
        raise NotTranslatable("left or right with a length that is not a whole number")
    return call("LEFT" if isinstance(node, exp.Left) else "RIGHT", t.of(node.this), length.copy())


def _trimmed(t: _Translation, node: Node) -> Node:
    if node.args.get("expression") is not None:
        raise NotTranslatable("trim of other characters than spaces")
    name = {"LEADING": "LTRIM", "TRAILING": "RTRIM"}.get(str(node.args.get("position") or "").upper())
    return call(name, t.of(node.this)) if name else exp.Trim(this=t.of(node.this))


def _like(t: _Translation, node: Node) -> Node:
    pattern = node.expression
    if not (isinstance(pattern, exp.Literal) and pattern.is_string) or "\\" in pattern.name:
        raise NotTranslatable("LIKE with a pattern that is no text, or has a backslash")
    like = exp.paren(exp.Like(this=t.of(node.this), expression=pattern.copy()))
    return exp.not_(like) if node.args.get("negate") else like


def _text_function(name: str) -> Rule:
    def rule(t: _Translation, node: Node) -> Node:
        parts = [node.this, *(part for part in (node.args.get("expression"), node.args.get("replacement")) if part is not None)]
        if any(t.family(part) != "text" for part in parts):
            raise NotTranslatable(f"{name.lower()} of something else than texts")
        return call(name, *(t.of(part) for part in parts))

    return rule


def _contains(t: _Translation, node: Node) -> Node:
    return exp.paren(exp.GT(this=call("LOCATE", t.of(node.expression), t.of(node.this)), expression=number(0)))


def _joined(t: _Translation, node: Node) -> Node:
    if {t.family(node.this), t.family(node.expression)} != {"text"}:
        raise NotTranslatable("|| of something else than texts")
    return exp.paren(exp.DPipe(this=t.of(node.this), expression=t.of(node.expression)))


def _part_of_time(unit: str) -> Rule:
    def rule(t: _Translation, node: Node) -> Node:
        value, kind = t.of(node.this), t.family(node.this)
        if kind == "timestamp":
            value = call("TO_TIMESTAMP_LTZ", exp.Div(this=exp.paren(floored(value, 1_000)), expression=number(1_000)), number(3))
        elif kind != "date":
            raise NotTranslatable(f"the {unit.lower()} of something else than a time")
        return exp.Extract(this=exp.var(unit), expression=value)

    return rule


def _time_floored(t: _Translation, node: Node) -> Node:
    unit = node.args["unit"].name.upper()
    if unit not in UNITS_US or t.family(node.this) != "timestamp":
        raise NotTranslatable(f"date_trunc to {unit.lower()}")
    return exp.paren(floored(t.of(node.this), UNITS_US[unit]))


def _days_between(t: _Translation, node: Node) -> Node:
    unit = node.args.get("unit")
    if unit is None or unit.name.upper() != "DAY" or {t.family(node.this), t.family(node.expression)} != {"date"}:
        raise NotTranslatable("a difference of times in another unit than days between dates")
    return plain_cast(call("TIMESTAMPDIFF", exp.var("DAY"), t.of(node.expression), t.of(node.this)), "BIGINT")


def _epoch_us(t: _Translation, argument: Node) -> Node:
    if t.family(argument) != "timestamp":
        raise NotTranslatable("epoch_us of something else than a timestamp")
    return t.of(argument)


def _of_epoch(unit_us: int) -> Callable[[_Translation, Node], Node]:
    def rule(t: _Translation, argument: Node) -> Node:
        if t.family(argument) != "integer":
            raise NotTranslatable("a time made of a fraction of a second")
        return narrowed(exp.Mul(this=wide(t.of(argument)), expression=wide(number(unit_us))), "BIGINT")

    return rule


_FUNCTIONS: dict[str, Callable[[_Translation, Node], Node]] = {
    "epoch_us": _epoch_us,
    "make_timestamptz": _of_epoch(1),
    "to_timestamp": _of_epoch(US),
}


def _function(t: _Translation, node: Node) -> Node:
    name, arguments = node.name.lower(), node.expressions
    if name not in _FUNCTIONS or len(arguments) != 1:
        raise NotTranslatable(f"the function {name}, which is not known to give the same value in Flink")
    return _FUNCTIONS[name](t, arguments[0])


def _from_seconds(t: _Translation, node: Node) -> Node:
    if node.args.get("scale") is not None:
        raise NotTranslatable("a time made of another unit than seconds")
    return _of_epoch(US)(t, node.this)


_RULES: dict[type[Node], Rule] = {
    exp.Column: _column,
    **dict.fromkeys((exp.Literal, exp.Boolean, exp.Null), _literal),
    **dict.fromkeys((exp.And, exp.Or, exp.Not, exp.Paren, exp.Upper, exp.Lower), _same),
    exp.Is: _is,
    exp.Case: _case,
    exp.If: _if,
    exp.Coalesce: _coalesce,
    exp.Nullif: _nullif,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), _compared),
    exp.Between: _between,
    exp.In: _in,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), _arithmetic),
    exp.Neg: _negated,
    exp.Div: _divided,
    **dict.fromkeys((exp.Mod, exp.IntDiv), _whole_divided),
    exp.Abs: _absolute,
    exp.Trunc: _truncated,
    **dict.fromkeys((exp.Floor, exp.Ceil), _rounded_down),
    exp.Sqrt: _root,
    **dict.fromkeys((exp.Cast, exp.TryCast), _casted),
    exp.Substring: _substring,
    **dict.fromkeys((exp.Left, exp.Right), _end_of_text),
    exp.Trim: _trimmed,
    exp.Length: _text_function("CHAR_LENGTH"),
    exp.Like: _like,
    exp.Replace: _text_function("REPLACE"),
    exp.StartsWith: _text_function("STARTSWITH"),
    exp.EndsWith: _text_function("ENDSWITH"),
    exp.Contains: _contains,
    exp.DPipe: _joined,
    exp.Year: _part_of_time("YEAR"),
    exp.Month: _part_of_time("MONTH"),
    **dict.fromkeys((exp.Day, exp.DayOfMonth), _part_of_time("DAY")),
    exp.Quarter: _part_of_time("QUARTER"),
    exp.Hour: _part_of_time("HOUR"),
    exp.Minute: _part_of_time("MINUTE"),
    exp.Second: _part_of_time("SECOND"),
    exp.TimestampTrunc: _time_floored,
    exp.DateTrunc: _time_floored,
    exp.DateDiff: _days_between,
    exp.UnixToTime: _from_seconds,
    exp.Anonymous: _function,
}


def _as_decimal(kind: str) -> str:
    return f"DECIMAL({_DIGITS[kind]},0)" if kind in _DIGITS else kind
