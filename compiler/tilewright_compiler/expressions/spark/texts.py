"""Texts as Spark has them.

They are counted in characters of Unicode, and only spaces are trimmed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, call, number, paren, text
from .letters import CAPITALS, SMALL
from .types import families, is_null
from .written import as_text

Correction = Callable[[Node, TypeOf], Node]

#: The capital sigma, which is another small letter at the end of a word.
_SIGMA = "\u03a3"
_LONGEST = (1 << 31) - 1
_DOTTED = "\u0130"
_LAST_SIGMA = rf"(\p{{L}}\p{{M}}*){_SIGMA}(\p{{M}}*(?:[^\p{{L}}\p{{M}}]|\z))"


def _texts(node: Node, type_of: TypeOf, *keys: str) -> None:
    """Check that parts are texts.

    Spark would make texts of others.
    """
    parts = [part for key in keys if isinstance(part := node.args.get(key), Node)]
    if other := families(parts, type_of) - {"text"}:
        name = node.sql_name().lower() if isinstance(node, exp.Func) else node.key
        raise NotTranslatable(f"{name} of {min(other).lower()}. Cast it, as in cast(x as string)")


@cache
def rare_letters(letters: tuple[str, ...]) -> str:
    """Write the pattern that finds rare letters.

    A letter is rare if DuckDB does not know its other case.
    """
    return f"[{''.join(letters)}]"


def _with_letters(name: str, letters: Mapping[str, str], node: Node) -> Node:
    """Change the case of a text.

    It goes letter by letter if some are rare.
    """
    value = node.this.copy()
    pairs = [" ".join(part) for part in (letters.keys(), letters.values())]
    known = call("MAP", *(call("STRING_SPLIT", text(part), text(" ")) for part in pairs))
    letter = exp.column("letter")
    other = call("COALESCE", call("MAP_EXTRACT_VALUE", known, letter), call(name, letter.copy()))
    each = exp.Lambda(this=other, expressions=[exp.to_identifier("letter")])
    by_letter = call("LIST_TRANSFORM", call("STRING_SPLIT", value, text("")), each)
    is_rare = exp.RegexpLike(this=value.copy(), expression=text(rare_letters(tuple(letters))))
    plain = type(node)(this=value.copy())
    spelled = call("ARRAY_TO_STRING", by_letter, text(""))
    return exp.Case(ifs=[exp.If(this=is_rare, true=spelled)], default=plain)


def _upper(node: Node, type_of: TypeOf) -> Node:
    _texts(node, type_of, "this")
    return _with_letters("UPPER", CAPITALS, node)


def _lower(node: Node, type_of: TypeOf) -> Node:
    _texts(node, type_of, "this")
    small = text("\\1\u03c2\\2")
    last = call("REGEXP_REPLACE", node.this.copy(), text(_LAST_SIGMA), small, text("g"))
    has_sigma = call("CONTAINS", node.this.copy(), text(_SIGMA))
    usual = _with_letters("LOWER", SMALL, node)
    return exp.Case(
        ifs=[exp.If(this=has_sigma, true=exp.Lower(this=last)), *usual.args["ifs"]],
        default=usual.args["default"],
    )


def _trimmed(node: Node, type_of: TypeOf) -> Node:
    _texts(node, type_of, "this", "expression")
    new = node.copy()
    if node.args.get("expression") is None:
        new.set("expression", text(" "))
    return new


def _substring(node: Node, type_of: TypeOf) -> Node:
    """Translate a substring.

    Its first place is 1, and 0 means it too; a length below 0 gives nothing.
    """
    _texts(node, type_of, "this")
    start, length = node.args.get("start"), node.args.get("length")
    if start is None:
        raise NotTranslatable("substring without a place")
    new = node.copy()
    if isinstance(start, exp.Literal):
        new.set("start", number(1) if start.name == "0" else start.copy())
    elif not isinstance(start, exp.Neg):
        is_zero = exp.EQ(this=start.copy(), expression=number(0))
        new.set("start", call("IF", is_zero, number(1), start.copy()))
        if length is None:  # from the lowest int on, this is too short
            new.set("length", number(_LONGEST))
    if length is not None:
        new.set("length", _not_negative(length))
    return new


def _not_negative(length: Node) -> Node:
    if isinstance(length, exp.Literal):
        return length.copy()
    bare = length.unnest()
    if isinstance(bare, exp.Neg) and isinstance(bare.this, exp.Literal):
        return number(0)
    is_below = exp.LT(this=paren(length.copy()), expression=number(0))
    return exp.Case(ifs=[exp.If(this=is_below, true=number(0))], default=length.copy())


def _end_of_text(node: Node, type_of: TypeOf) -> Node:
    _texts(node, type_of, "this")
    new = node.copy()
    new.set("expression", _not_negative(node.expression))
    return new


def _reversed(node: Node, type_of: TypeOf) -> Node:
    value = node.this.copy()
    if type_of(node.this).endswith("[]"):
        return call("LIST_REVERSE", value)
    _texts(node, type_of, "this")
    # DuckDB's own keeps marks behind their letters.
    letters = call("LIST_REVERSE", call("STRING_SPLIT", value, text("")))
    return call("ARRAY_TO_STRING", letters, text(""))


def _padded(node: Node, type_of: TypeOf) -> Node:
    """Translate a padding.

    With nothing to pad with, a text stays as it is, cut to its length.
    """
    _texts(node, type_of, "this", "fill_pattern")
    pad = node.args.get("fill_pattern")
    if pad is None:
        return node
    if not (isinstance(pad, exp.Literal) and pad.is_string):
        raise NotTranslatable("lpad or rpad with something else than a text between quotes")
    if pad.name == "":
        return call("LEFT", node.this.copy(), _not_negative(node.expression))
    return node


def _replaced(node: Node, type_of: TypeOf) -> Node:
    _texts(node, type_of, "this", "expression", "replacement")
    if node.args.get("replacement") is not None:
        return node
    new = node.copy()
    new.set("replacement", text(""))
    return new


def _split_part(node: Node, type_of: TypeOf) -> Node:
    delimiter, index = node.args["delimiter"], node.args["part_index"]
    _texts(node, type_of, "this", "delimiter")
    if not (isinstance(delimiter, exp.Literal) and delimiter.name):
        raise NotTranslatable("split_part at something else than a text between quotes")
    if not isinstance(index.unnest(), exp.Literal | exp.Neg) or index.name == "0":
        raise NotTranslatable("split_part with a part that is no number but 0")
    return node


def _located(node: Node, type_of: TypeOf) -> Node:
    """Find a text from a position on.

    Before the first there is none, and the empty text is always at 1.
    """
    _texts(node, type_of, "this", "substr")
    start, wanted = node.args.get("position"), node.args["substr"]
    if start is None or (_is_positive(start) and _is_some_text(wanted)):
        return node
    is_lost = exp.or_(_is_null(node.this), _is_null(wanted))
    choices = [
        (_is_null(start), number(0)),
        (is_lost, exp.Null()),
        (exp.LT(this=paren(start.copy()), expression=number(1)), number(0)),
        (exp.EQ(this=paren(wanted.copy()), expression=text("")), number(1)),
    ]
    ifs = [exp.If(this=condition, true=value) for condition, value in choices]
    return exp.Case(ifs=ifs, default=node.copy())


def _is_positive(start: Node) -> bool:
    return isinstance(start, exp.Literal) and start.is_int and int(start.name) > 0


def _is_some_text(value: Node) -> bool:
    return isinstance(value, exp.Literal) and value.is_string and value.name != ""


def _is_null(value: Node) -> Node:
    return exp.Is(this=paren(value.copy()), expression=exp.Null())


def _joined(node: Node, type_of: TypeOf) -> Node:
    new = node.copy()
    if isinstance(node, exp.DPipe):
        new.set("this", as_text(node.this, type_of))
        new.set("expression", as_text(node.expression, type_of))
    else:
        new.set("expressions", [as_text(part, type_of) for part in node.expressions])
    if any(is_null(part) for part in node.expressions) and isinstance(node, exp.Concat):
        raise NotTranslatable("concat with null, which is null")
    return new


def _like(node: Node, type_of: TypeOf) -> Node:
    """Translate LIKE or ILIKE.

    A backslash takes the sign after it as it is; a pattern is a text between quotes.
    """
    _texts(node, type_of, "this")
    escape = node.parent.expression.name if isinstance(node.parent, exp.Escape) else "\\"
    pattern = node.expression
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        raise NotTranslatable("LIKE with a pattern that is no text between quotes")
    _check_like(pattern.name, escape)
    if isinstance(node, exp.ILike):
        node = _without_dotted(node, escape)
    if isinstance(node.parent, exp.Escape) or "\\" not in pattern.name:
        return node
    return exp.Escape(this=node.copy(), expression=text("\\"))


def _without_dotted(node: Node, escape: str) -> Node:
    """Write the capital whose small letter is two, as both."""
    if not node.expression.name.isascii() or escape.isalpha():
        raise NotTranslatable("ILIKE with letters beyond ASCII. Use lower(x) LIKE '…'")
    new = node.copy()
    new.set("this", call("REPLACE", node.this.copy(), text(_DOTTED), text(SMALL[_DOTTED])))
    return new


def _check_like(pattern: str, escape: str) -> None:
    if len(escape) != 1:
        raise NotTranslatable("an ESCAPE that is not one sign")
    at = 0
    while (at := pattern.find(escape, at)) >= 0:
        if pattern[at + 1 : at + 2] not in ("%", "_", escape):
            raise NotTranslatable(
                f"the pattern {pattern!r}, in which {escape!r} stands before none of %, _ and "
                "itself"
            )
        at += 2


def _sha2(node: Node, type_of: TypeOf) -> Node:
    _texts(node, type_of, "this")
    if node.args.get("length") is not None and node.args["length"].name not in ("256", "0"):
        raise NotTranslatable("sha2 of another length than 256. Use sha2(x, 256)")
    return node


def _of_texts(*keys: str) -> Correction:
    def correction(node: Node, type_of: TypeOf) -> Node:
        _texts(node, type_of, *keys)
        return node

    return correction


TEXTS: dict[type[Node], Correction] = {
    exp.Upper: _upper,
    exp.Lower: _lower,
    exp.Trim: _trimmed,
    exp.Substring: _substring,
    **dict.fromkeys((exp.Left, exp.Right), _end_of_text),
    exp.Reverse: _reversed,
    exp.Pad: _padded,
    exp.Replace: _replaced,
    exp.SplitPart: _split_part,
    exp.StrPosition: _located,
    **dict.fromkeys((exp.Concat, exp.ConcatWs, exp.DPipe), _joined),
    **dict.fromkeys((exp.Like, exp.ILike), _like),
    exp.SHA2: _sha2,
    **dict.fromkeys((exp.Length, exp.Ascii, exp.MD5, exp.Repeat), _of_texts("this")),
    **dict.fromkeys((exp.StartsWith, exp.EndsWith, exp.Contains), _of_texts("this", "expression")),
    exp.Translate: _of_texts("this", "from_", "to"),
}
