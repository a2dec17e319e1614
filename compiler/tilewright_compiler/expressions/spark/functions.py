"""Spark SQL for DuckDB: which functions mean the same, and what is written where they do not."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, UnknownFunction, call, number, text, tried
from .casts import CASTS, as_text, family_of, to_date, to_whole
from .lists import LISTS, LISTS_BY_NAME
from .times import TIMES

SPARK_FAMILY = frozenset({"spark", "spark2", "databricks", "hive"})

Correction = Callable[[Node, TypeOf], Node]

#: Functions and operators whose translation gives what Spark gives (checked by the tests' table of
#: values).
_SAME = (
    exp.And, exp.Or, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Nvl2, exp.Array,
    exp.Greatest, exp.Least,
    exp.Abs, exp.Exp, exp.Pow, exp.Cbrt, exp.Degrees, exp.Radians, exp.Round, exp.IsNan,
    exp.BitwiseXor,
    exp.Upper, exp.Lower, exp.Trim, exp.Length, exp.Left, exp.Right, exp.Pad, exp.Repeat,
    exp.Translate, exp.Ascii,
    exp.Replace, exp.Space, exp.StrPosition, exp.StartsWith, exp.EndsWith, exp.Contains, exp.MD5,
    exp.RegexpLike, exp.RegexpExtract, exp.RegexpReplace, exp.RegexpSplit, exp.SplitPart,
    exp.ArrayContains, exp.JSONPath,
    exp.Year, exp.Month, exp.Day, exp.DayOfMonth, exp.DayOfYear, exp.WeekOfYear, exp.Quarter,
    exp.Hour, exp.Minute, exp.Second,
    exp.LastDay, exp.DateDiff,
)  # fmt: skip


def correct(tree: Node, type_of: TypeOf) -> Node:
    """The tree with every part replaced whose translation would give another value than Spark does.

    `cast(2.7 as int)` is 2 in Spark and 3 in DuckDB, so `TRY_CAST(TRUNC(2.7) AS INT)` is written.

    Raises:
        NotTranslatable: if a part is not known to give the same value.
    """
    holder = exp.Paren(this=tree)
    for node in reversed(list(holder.dfs())):  # operands before what is made of them
        if node is holder:
            continue
        fix = _CORRECTIONS.get(type(node))
        if fix is not None:
            parent, key, index = node.parent, node.arg_key, node.index
            new = fix(node, type_of)
            if new is not node and parent is not None and key is not None:
                parent.set(key, new, index=index)
        elif isinstance(node, exp.Anonymous):
            raise _unknown(node.name)
        elif isinstance(node, exp.Func) and not isinstance(node, _SAME):
            raise _unknown(node.sql_name())
    found = holder.this
    if not isinstance(found, Node):
        raise NotTranslatable("it is not an expression")
    return found


def _unknown(name: str) -> NotTranslatable:
    return UnknownFunction(
        f"the function {name.lower()}, which is not known to give the same value here as in Spark"
    )


def _anonymous(node: Node, type_of: TypeOf) -> Node:
    name = node.name.lower()
    if name not in _BY_NAME:
        raise _unknown(name)
    arguments = [argument.copy() for argument in node.expressions]
    least, most, make = _BY_NAME[name]
    if not least <= len(arguments) <= most:
        raise NotTranslatable(
            f"{name} with {len(arguments)} arguments: it takes "
            f"{least if least == most else f'{least} or {most}'}"
        )
    return make(arguments, type_of)


def _pmod(arguments: list[Node], type_of: TypeOf) -> Node:
    value, divisor = exp.paren(arguments[0]), call("NULLIF", arguments[1], number(0))
    rest = exp.paren(exp.Mod(this=value, expression=divisor))
    return exp.paren(
        exp.Mod(
            this=exp.paren(exp.Add(this=rest, expression=divisor.copy())), expression=divisor.copy()
        )
    )


_BY_NAME: dict[str, tuple[int, int, Callable[[list[Node], TypeOf], Node]]] = {
    "pmod": (2, 2, _pmod),
    "bround": (1, 2, lambda a, _: call("ROUND_EVEN", a[0], a[1] if len(a) > 1 else number(0))),
    "isnull": (1, 1, lambda a, _: exp.paren(exp.Is(this=exp.paren(a[0]), expression=exp.Null()))),
    "isnotnull": (
        1, 1,
        lambda a, _: exp.Not(
            this=exp.paren(exp.Is(this=exp.paren(a[0]), expression=exp.Null()))
        ),
    ),
    "bigint": (1, 1, lambda a, t: to_whole(a[0], "BIGINT", t)),
    "weekday": (
        1, 1,
        lambda a, _: exp.paren(
            exp.Sub(this=call("ISODOW", to_date(a[0])), expression=number(1))
        ),
    ),
    "timestamp_millis": (
        1, 1,
        lambda a, _: call(
            "MAKE_TIMESTAMPTZ", exp.Mul(this=exp.paren(a[0]), expression=number(1000))
        ),
    ),
    "timestamp_micros": (1, 1, lambda a, _: call("MAKE_TIMESTAMPTZ", a[0])),
    "timestamp_seconds": (1, 1, lambda a, _: call("TO_TIMESTAMP", a[0])),
    "make_date": (3, 3, lambda a, _: call("TRY", call("MAKE_DATE", *a))),
    **LISTS_BY_NAME,
}  # fmt: skip


def _binary(node: Node, type_of: TypeOf) -> Node:
    raise NotTranslatable("a binary literal. Write a number or a text")


def _divided(node: Node, type_of: TypeOf) -> Node:
    new = node.copy()
    new.set("expression", call("NULLIF", new.expression, number(0)))
    if isinstance(node, exp.Div):
        new.set("safe", False)  # or some versions of sqlglot write a second NULLIF
    return new


def _whole_division(node: Node, type_of: TypeOf) -> Node:
    parts = [to_whole(part.copy(), "BIGINT", type_of) for part in (node.this, node.expression)]
    return exp.IntDiv(this=parts[0], expression=call("NULLIF", parts[1], number(0)))


def _rounded(node: Node, type_of: TypeOf) -> Node:
    if node.args.get("decimals") is not None:
        raise NotTranslatable("ceil or floor with a scale. Multiply before and divide after")
    return (
        tried(node.copy(), "BIGINT")
        if family_of(type_of(node.this)) != "integer"
        else node.this.copy()
    )


def _logarithm(node: Node, type_of: TypeOf) -> Node:
    # Outside their domain Spark's logarithms are null, DuckDB's an error or infinite.
    def ln(value: Node) -> Node:
        return call(
            "LN",
            exp.Case(
                ifs=[
                    exp.If(
                        this=exp.GT(this=exp.paren(value.copy()), expression=number(0)),
                        true=value.copy(),
                    )
                ]
            ),
        )

    if isinstance(node, exp.Ln):
        return ln(node.this)
    if node.this.name in ("2", "10"):
        guarded = ln(node.expression).expressions[0]
        return call(f"LOG{node.this.name}", guarded)
    return exp.paren(exp.Div(this=ln(node.expression), expression=ln(node.this)))


def _root(node: Node, type_of: TypeOf) -> Node:
    negative = exp.LT(this=exp.paren(node.this.copy()), expression=number(0))
    return exp.Case(
        ifs=[exp.If(this=negative, true=tried(text("NaN"), "DOUBLE"))], default=node.copy()
    )


def _substring(node: Node, type_of: TypeOf) -> Node:
    start = node.args.get("start")
    if (
        start is None
        or (isinstance(start, exp.Literal) and start.name != "0")
        or isinstance(start, exp.Neg)
    ):
        return node
    new = node.copy()  # the first place is 1, and 0 means it too
    first = (
        number(1)
        if isinstance(start, exp.Literal)
        else call("IF", exp.EQ(this=start.copy(), expression=number(0)), number(1), start.copy())
    )
    new.set("start", first)
    return new


def _like(node: Node, type_of: TypeOf) -> Node:
    if isinstance(node.parent, exp.Escape) or not (
        isinstance(node.expression, exp.Literal) and "\\" in node.expression.name
    ):
        return node
    return exp.Escape(this=node.copy(), expression=text("\\"))


def _joined(node: Node, type_of: TypeOf) -> Node:
    new = node.copy()
    if isinstance(node, exp.DPipe):
        new.set("this", as_text(node.this, type_of))
        new.set("expression", as_text(node.expression, type_of))
    else:
        new.set("expressions", [as_text(part, type_of) for part in node.expressions])
    return new


def _compared(node: Node, type_of: TypeOf) -> Node:
    others = [
        node.args[key]
        for key in ("expression", "low", "high")
        if isinstance(node.args.get(key), Node)
    ]
    families = {family_of(type_of(part)) for part in [node.this, *others, *node.expressions]}
    if "text" in families and families & {"integer", "float", "decimal"}:
        raise NotTranslatable(
            "a comparison of text with a number. Cast one of them, as in cast(x as int)"
        )
    return node


def _sha2(node: Node, type_of: TypeOf) -> Node:
    if node.args.get("length") is not None and node.args["length"].name not in ("256", "0"):
        raise NotTranslatable("sha2 of another length than 256. Use sha2(x, 256)")
    return node


_CORRECTIONS: dict[type[Node], Correction] = {
    exp.Anonymous: _anonymous,
    exp.HexString: _binary,
    exp.BitString: _binary,
    exp.Div: _divided,
    exp.Mod: _divided,
    exp.IntDiv: _whole_division,
    exp.Ceil: _rounded,
    exp.Floor: _rounded,
    exp.Sign: lambda node, _: tried(node.copy(), "DOUBLE"),
    exp.Ln: _logarithm,
    exp.Log: _logarithm,
    exp.Sqrt: _root,
    exp.Substring: _substring,
    exp.Like: _like,
    exp.Concat: _joined,
    exp.ConcatWs: _joined,
    exp.DPipe: _joined,
    exp.SHA2: _sha2,
    exp.JSONExtractScalar: lambda node, _: call("TRY", node.copy()),
    **dict.fromkeys(
        (
            exp.EQ,
            exp.NEQ,
            exp.GT,
            exp.GTE,
            exp.LT,
            exp.LTE,
            exp.NullSafeEQ,
            exp.NullSafeNEQ,
            exp.Between,
            exp.In,
        ),
        _compared,
    ),
    **CASTS,
    **LISTS,
    **TIMES,
}
