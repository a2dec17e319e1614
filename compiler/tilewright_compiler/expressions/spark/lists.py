"""Arrays, maps and structs as Spark has them.

Places begin at 0 in x[0] and at 1 in functions, and what is not there is null.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, call, number, text, tried
from .ints import adds_bigint
from .types import families, family_of, is_null
from .written import as_text

Named = tuple[int, int, Callable[[list[Node], TypeOf], Node]]


def is_list(duckdb_type: str) -> bool:
    """Whether a type is that of an array."""
    return duckdb_type.endswith("[]")


def is_map(duckdb_type: str) -> bool:
    """Whether a type is that of a map."""
    return duckdb_type.startswith("MAP(") and not is_list(duckdb_type)


def _subscript(node: Node, type_of: TypeOf) -> Node:
    if len(node.expressions) != 1 or isinstance(node.expressions[0], exp.Slice):
        raise NotTranslatable("a part of an array between brackets. Use slice(x, start, length)")
    value, place = node.this.copy(), node.expressions[0].copy()
    kind = type_of(value)
    if is_map(kind):
        return call("MAP_EXTRACT_VALUE", value, place)
    if not is_list(kind):
        raise NotTranslatable(f"a subscript of {kind.lower()}, which is neither an array nor a map")
    if not node.args.get("offset"):
        return _from_zero(value, place)
    check_place(place)
    if adds_bigint(node, type_of):
        raise NotTranslatable("element_at of a bigint. Cast it, as in element_at(x, int(n))")
    return call("LIST_EXTRACT", value, place)


def check_place(place: Node) -> None:
    """Refuse the place 0 where places begin at 1.

    It ends a query of Spark.
    """
    if isinstance(place, exp.Literal) and place.name == "0":
        raise NotTranslatable("element_at of the place 0: places begin at 1, or at -1 from the end")


def _from_zero(value: Node, place: Node) -> Node:
    """Take the element at a place counted from zero.

    DuckDB counts from 1, and negative places from the end; in Spark these are null.
    """
    if isinstance(place, exp.Literal) and place.is_int:
        return call("LIST_EXTRACT", value, number(int(place.name) + 1))
    element = call(
        "LIST_EXTRACT", value, exp.paren(exp.Add(this=exp.paren(place), expression=number(1)))
    )
    return exp.Case(
        ifs=[exp.If(this=exp.GTE(this=exp.paren(place.copy()), expression=number(0)), true=element)]
    )


def _field(node: Node, type_of: TypeOf) -> Node:
    kind = type_of(node.this)
    if (
        not isinstance(node.expression, exp.Identifier)
        or not kind.startswith("STRUCT(")
        or is_list(kind)
    ):
        raise NotTranslatable(
            f"a field of {kind.lower()}, which has none. A field is taken of one element, as in "
            "x[0].item"
        )
    return call("STRUCT_EXTRACT", node.this.copy(), text(node.expression.name))


def _counted(value: Node, type_of: TypeOf) -> Node:
    kind = type_of(value)
    if is_map(kind):
        return tried(call("CARDINALITY", value.copy()), "BIGINT")
    if not is_list(kind):
        raise NotTranslatable(f"a size of {kind.lower()}, which is neither an array nor a map")
    return call("LEN", value.copy())


def _size(value: Node, type_of: TypeOf) -> Node:
    """Of null it is -1."""
    return call("COALESCE", _counted(value, type_of), exp.Neg(this=number(1)))


def _check_element(value: Node, element: Node, type_of: TypeOf) -> None:
    """Check that an array may hold what is looked for."""
    kind = type_of(value)
    if not is_list(kind) or is_null(element):
        raise NotTranslatable("a search for null, or in something that is no array")
    of = {family_of(kind.removesuffix("[]")) or kind, *families([element], type_of)}
    if len(of) > 1 and not of <= {"integer", "float", "decimal"}:
        raise NotTranslatable("a search in an array of another type. Cast what is looked for")


def _contained(node: Node, type_of: TypeOf) -> Node:
    """Null where nulls leave open if it is found."""
    value, element = node.this, node.expression
    _check_element(value, element, type_of)
    contains = call("LIST_CONTAINS", value.copy(), element.copy())
    nulls = exp.LT(this=call("LIST_COUNT", value.copy()), expression=call("LEN", value.copy()))
    unknown = exp.and_(exp.not_(contains, copy=False), nulls, copy=False)
    if not isinstance(element.unnest(), exp.Literal):
        is_null_itself = exp.Is(this=exp.paren(element.copy()), expression=exp.Null())
        unknown = exp.or_(is_null_itself, unknown, copy=False)
    return exp.Case(ifs=[exp.If(this=unknown, true=exp.Null())], default=contains.copy())


def _sorted(node: Node, type_of: TypeOf) -> Node:
    ascending = node.args.get("asc")
    nulls_first = node.args.get("nulls_first")
    if node.args.get("expression") is not None or not (
        ascending is None or isinstance(ascending, exp.Boolean)
    ):
        raise NotTranslatable("a sort by a function. Use sort_array(x) or sort_array(x, false)")
    up = ascending is None or bool(ascending.this)
    # sort_array(x, false) has its nulls last, sort_array(x) first, array_sort(x) last.
    first = up and isinstance(nulls_first, exp.Boolean) and bool(nulls_first.this)
    return call(
        "LIST_SORT",
        node.this.copy(),
        text("ASC" if up else "DESC"),
        text("NULLS FIRST" if first else "NULLS LAST"),
    )


def _is_there(value: Node) -> Node:
    return exp.Not(this=exp.paren(exp.Is(this=exp.paren(value.copy()), expression=exp.Null())))


def _position(node: Node, type_of: TypeOf) -> Node:
    value, element = node.this.copy(), node.expression.copy()
    _check_element(value, element, type_of)
    found = tried(call("LIST_POSITION", value, element), "BIGINT")
    position = call("COALESCE", found, number(0))
    is_there = exp.and_(_is_there(value), _is_there(element), copy=False)
    return exp.Case(ifs=[exp.If(this=is_there, true=position)])


def _slice(node: Node, type_of: TypeOf) -> Node:
    start, length = node.args["start"], node.args["end"]
    if (
        not all(isinstance(part, exp.Literal) and part.is_int for part in (start, length))
        or int(start.name) < 1
    ):
        raise NotTranslatable(
            "slice with another start or length than whole numbers, the start from 1"
        )
    return call(
        "LIST_SLICE", node.this.copy(), start.copy(), number(int(start.name) + int(length.name) - 1)
    )


def _joined(node: Node, type_of: TypeOf) -> Node:
    if type_of(node.this) != "VARCHAR[]" or node.args.get("null") is not None:
        raise NotTranslatable("array_join of other values than texts, or with a text for null")
    if not isinstance(node.expression, exp.Literal):
        raise NotTranslatable("array_join with something else than a text between quotes")
    joined = call("ARRAY_TO_STRING", node.this.copy(), as_text(node.expression, type_of))
    # Of nulls alone it is the empty text, and of null it is null.
    empty = exp.Case(ifs=[exp.If(this=_is_there(node.this), true=text(""))])
    return call("COALESCE", joined, empty)


def _key_contained(node: Node, type_of: TypeOf) -> Node:
    value, key = node.this, node.args["key"]
    if is_null(key):
        raise NotTranslatable("a search for null")
    contains = call("MAP_CONTAINS", value.copy(), key.copy())
    return exp.Case(ifs=[exp.If(this=_is_there(key), true=contains)])


LISTS: dict[type[Node], Callable[[Node, TypeOf], Node]] = {
    exp.Bracket: _subscript,
    exp.Dot: _field,
    exp.ArraySize: lambda node, type_of: _size(node.this, type_of),
    exp.ArrayContains: _contained,
    exp.ArrayMax: lambda node, _: call("LIST_MAX", node.this.copy()),
    exp.ArrayMin: lambda node, _: call("LIST_MIN", node.this.copy()),
    exp.ArraySort: _sorted,
    exp.ArrayPosition: _position,
    exp.ArraySlice: _slice,
    exp.ArrayToString: _joined,
    exp.MapKeys: lambda node, _: call("MAP_KEYS", node.this.copy()),
    exp.MapContainsKey: _key_contained,
}

#: Functions that the parser leaves as they are: how many arguments they take, and what is written.
LISTS_BY_NAME: dict[str, Named] = {
    "cardinality": (1, 1, lambda a, type_of: _size(a[0], type_of)),
    "get": (2, 2, lambda a, _: _from_zero(a[0], a[1])),
    "map_values": (1, 1, lambda a, _: call("MAP_VALUES", a[0])),
}
