"""Choices and comparisons of unlike parts.

Their type is the one that Spark brings them to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, data_type, tried
from .casts import from_text
from .ints import is_int_part
from .types import check_common, families, is_null
from .written import as_text

Correction = Callable[[Node, TypeOf], Node]

_NUMBERS = {"integer", "float", "decimal"}
_TIMES = {"date", "timestamp"}
_EQUALITIES = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ)
_TEXTS = {"integer", "decimal", "date", "timestamp", "text"}


def _choices(node: Node) -> list[tuple[Node, str]]:
    """List the parts of which a value is chosen.

    Each is a pair: its holder, and the key under which it stands there.
    """
    match node:
        case exp.Case():
            branches = [(branch, "true") for branch in node.args["ifs"]]
            return [*branches, *([(node, "default")] if node.args.get("default") else [])]
        case exp.If() | exp.Nvl2():
            return [(node, key) for key in ("true", "false") if node.args.get(key) is not None]
    return [(node, "this")]


def _chosen(node: Node, type_of: TypeOf) -> Node:
    if isinstance(node, exp.If) and isinstance(node.parent, exp.Case):
        return node  # a branch, which its CASE looks at
    _check_condition(node, type_of)
    new = node.copy()
    holders = _choices(new)
    parts = [holder.args[key] for holder, key in holders]
    if isinstance(new, exp.Case) and new.this is not None:
        _compare(new, type_of)
    several = new.expressions if isinstance(new, exp.Coalesce) else []
    for (holder, key), part in zip(holders, parts, strict=True):
        holder.set(key, _as_common(part, [*parts, *several], type_of))
    if several:
        new.set("expressions", [_as_common(part, [*parts, *several], type_of) for part in several])
    return new


def _compare(case: Node, type_of: TypeOf) -> None:
    """Write what a CASE compares its value with.

    Where the value is brought to another type for that, each branch says so itself.
    """
    branches = case.args["ifs"]
    equal = [
        _compared(exp.EQ(this=case.this.copy(), expression=branch.this.copy()), type_of)
        for branch in branches
    ]
    is_brought = any(one.this != case.this for one in equal)
    for branch, one in zip(branches, equal, strict=True):
        branch.set("this", one if is_brought else one.expression)
    if is_brought:
        case.set("this", None)


def _check_condition(node: Node, type_of: TypeOf) -> None:
    """A CASE of a value compares it with each branch."""
    if isinstance(node, exp.Case) and node.this is not None:
        for branch in node.args["ifs"]:
            of = comparable([node.this, branch.this], type_of)
            if "text" in of and of & _TIMES and not isinstance(branch.this, exp.Literal):
                raise NotTranslatable("a CASE of a time and texts. Cast them to one type")
        return
    conditions = [branch.this for branch in node.args["ifs"]] if isinstance(node, exp.Case) else []
    conditions += [node.this] if isinstance(node, exp.If) else []
    if any(families([condition], type_of) != {"boolean"} for condition in conditions):
        raise NotTranslatable("a condition that is neither true nor false. Write a comparison")


def _as_common(part: Node, parts: list[Node], type_of: TypeOf) -> Node:
    """Convert a part to the type that all parts share.

    That of texts and numbers is text.
    """
    of = families(parts, type_of)
    if "text" in of and len(of) > 1:
        if "float" in of or not of <= _TEXTS:
            shown = " and ".join(sorted(one.lower() for one in of))
            raise NotTranslatable(f"a choice between {shown}. Cast them to one type")
        return part.copy() if is_null(part) else as_text(part, type_of)
    if len(of) > 1 and not of <= _NUMBERS and not of <= _TIMES:
        shown = " and ".join(sorted(one.lower() for one in of))
        raise NotTranslatable(f"a choice between {shown}. Cast them to one type")
    check_common(parts, type_of)
    if _is_mixed_float(parts, type_of) and not is_null(part):
        return exp.Cast(this=part.copy(), to=data_type("DOUBLE"))
    if "decimal" in of and is_int_part(part) and type_of(part) == "BIGINT":
        return tried(part.copy(), "INTEGER")
    return part.copy()


def _is_mixed_float(parts: Iterable[Node], type_of: TypeOf) -> bool:
    """Tell whether 32-bit floats are among decimals.

    Their common type in Spark is a double.
    """
    kinds = {type_of(part) for part in parts if not is_null(part)}
    return "FLOAT" in kinds and any(kind.startswith("DECIMAL") for kind in kinds)


def _array(node: Node, type_of: TypeOf) -> Node:
    new = node.copy()
    parts = node.expressions
    new.set("expressions", [_as_common(part, parts, type_of) for part in parts])
    return new


def _extreme(node: Node, type_of: TypeOf) -> Node:
    """GREATEST and LEAST make no texts of numbers."""
    parts = [node.this, *node.expressions]
    if len(parts) == 1:
        raise NotTranslatable("greatest or least of one value. Leave it out")
    of = families(parts, type_of)
    if "text" in of and len(of) > 1:
        what = "greatest or least of texts and something else. Cast them to one type"
        raise NotTranslatable(what)
    new = node.copy()
    new.set("this", _as_common(node.this, parts, type_of))
    new.set("expressions", [_as_common(part, parts, type_of) for part in node.expressions])
    return new


def comparable(parts: Iterable[Node], type_of: TypeOf) -> set[str]:
    """Give the families of parts that are compared.

    Raises NotTranslatable if Spark would turn a text into a number or true and false.
    """
    parts = list(parts)
    of = families(parts, type_of)
    if of <= _NUMBERS:
        check_common(parts, type_of)
    if "text" in of and of & _NUMBERS:
        raise NotTranslatable(
            "a comparison of text with a number. Cast one of them, as in cast(x as int)"
        )
    if any("(" in one for one in of):
        raise NotTranslatable("a comparison of maps or structs. Compare their parts")
    if len(of) > 1 and any(one.endswith("[]") for one in of):
        raise NotTranslatable("a comparison of an array with something else. Compare its parts")
    if "boolean" in of and len(of) > 1:
        raise NotTranslatable("a comparison of true or false with something else. Leave it out")
    if of & _NUMBERS and of & _TIMES:
        raise NotTranslatable("a comparison of a number with a time. Cast one of them")
    return of


def _compared(node: Node, type_of: TypeOf) -> Node:
    keys = [key for key in ("this", "expression", "low", "high") if node.args.get(key) is not None]
    parts = [node.args[key] for key in keys]
    of = comparable(parts, type_of)
    if not isinstance(node, _EQUALITIES) and any(one.endswith("[]") for one in of):
        raise NotTranslatable("an order of arrays, in which nulls have another place")
    if "text" in of and of & _TIMES:
        return _as_times(node, keys, of, type_of)
    if _is_mixed_float(parts, type_of):
        new = node.copy()
        for key in keys:
            new.set(key, exp.Cast(this=node.args[key].copy(), to=data_type("DOUBLE")))
        return new
    return node


def _as_times(node: Node, keys: list[str], of: set[str], type_of: TypeOf) -> Node:
    """A text beside a time is read as one."""
    is_text_between = families([node.this], type_of) == {"text"} and not families(
        [node.args[key] for key in keys[1:]], type_of
    ).isdisjoint({"text"})
    if len(of) > 2 or (isinstance(node, exp.Between) and is_text_between):
        raise NotTranslatable("a comparison of texts and times. Cast them to one type")
    kind = "DATE" if "date" in of else "TIMESTAMP WITH TIME ZONE"
    if any(type_of(node.args[key]) == "TIMESTAMP" for key in keys):
        kind = "TIMESTAMP"
    new = node.copy()
    for key in keys:
        if families([node.args[key]], type_of) == {"text"}:
            new.set(key, from_text(node.args[key].copy(), kind))
    return new


def _contained(node: Node, type_of: TypeOf) -> Node:
    """A text in the list makes texts of times."""
    parts = [node.this, *node.expressions]
    of = comparable(parts, type_of)
    new = node.copy()
    if "text" in of and of & _TIMES:
        new.set("this", as_text(node.this, type_of))
        new.set("expressions", [as_text(part, type_of) for part in node.expressions])
    elif _is_mixed_float(parts, type_of):
        raise NotTranslatable("a float in a list of decimals. Cast it to a double")
    return new


def _nullif(node: Node, type_of: TypeOf) -> Node:
    same = _compared(exp.EQ(this=node.this.copy(), expression=node.expression.copy()), type_of)
    new = node.copy()
    new.set("expression", same.expression)
    if same.this == node.this:
        return new
    return exp.Case(ifs=[exp.If(this=same, true=exp.Null())], default=node.this.copy())


def _logical(node: Node, type_of: TypeOf) -> Node:
    parts = [part for part in (node.this, node.args.get("expression")) if part is not None]
    if families(parts, type_of) - {"boolean"}:
        raise NotTranslatable("AND, OR or NOT of something that is neither true nor false")
    return node


def _is(node: Node, type_of: TypeOf) -> Node:
    """Check that a truth is asked for of one."""
    if isinstance(node.expression, exp.Boolean) and families([node.this], type_of) - {"boolean"}:
        raise NotTranslatable("IS TRUE or IS FALSE of something that is neither. Compare it")
    return node


CONDITIONS: dict[type[Node], Correction] = {
    **dict.fromkeys((exp.Case, exp.If, exp.Nvl2, exp.Coalesce), _chosen),
    **dict.fromkeys((exp.Greatest, exp.Least), _extreme),
    exp.Array: _array,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), _compared),
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between), _compared),
    exp.In: _contained,
    exp.Nullif: _nullif,
    **dict.fromkeys((exp.And, exp.Or, exp.Not), _logical),
    exp.Is: _is,
}
