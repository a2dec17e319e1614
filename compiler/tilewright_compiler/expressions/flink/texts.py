"""Rules for Flink SQL: texts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, call, number, paren, text
from ..spark.text_patterns import LEADING_POINT, READ_ALIKE
from .translator import Rule, Translation


def _substring(t: Translation, node: Node) -> Node:
    start, length = node.args.get("start"), node.args.get("length")
    parts = [part for part in (start, length) if part is not None]
    if (
        start is None
        or not all(isinstance(part, exp.Literal) and part.is_int for part in parts)
        or start.name == "0"
    ):
        raise NotTranslatable("substring with places that are not whole numbers from 1 on")
    return call("SUBSTRING", t.of(node.this), *(part.copy() for part in parts))


def _end_of_text(t: Translation, node: Node) -> Node:
    length = node.expression
    if not (isinstance(length, exp.Literal) and length.is_int):
        raise NotTranslatable("left or right with a length that is not a whole number")
    return call("LEFT" if isinstance(node, exp.Left) else "RIGHT", t.of(node.this), length.copy())


def _trimmed(t: Translation, node: Node) -> Node:
    trimmed = node.args.get("expression")
    if trimmed is not None and not (isinstance(trimmed, exp.Literal) and trimmed.name == " "):
        raise NotTranslatable("trim of other characters than spaces")
    name = {"LEADING": "LTRIM", "TRAILING": "RTRIM"}.get(
        str(node.args.get("position") or "").upper()
    )
    return call(name, t.of(node.this)) if name else exp.Trim(this=t.of(node.this))


def _like(t: Translation, node: Node) -> Node:
    pattern = node.expression
    if not (isinstance(pattern, exp.Literal) and pattern.is_string) or "\\" in pattern.name:
        raise NotTranslatable("LIKE with a pattern that is no text, or has a backslash")
    value = t.of(node.this)
    if "_" in pattern.name:
        like = call("REGEXP", value, text(_as_regex(pattern.name)))
    else:
        like = paren(exp.Like(this=value, expression=pattern.copy()))
    return exp.not_(like, copy=False) if node.args.get("negate") else like


def _as_regex(pattern: str) -> str:
    """Write a LIKE pattern as Java's regular expression.

    In Flink's own LIKE `_` is no end of a line.

    >>> _as_regex("a_%")
    '^(?s:a..*)\\\\z'
    """
    wild = {"_": ".", "%": ".*"}
    parts = [wild.get(char) or re.sub(r"([^\w\s]|_)", r"\\\1", char) for char in pattern]
    return f"^(?s:{''.join(parts)})\\z"


def _text_function(name: str) -> Rule:
    def rule(t: Translation, node: Node) -> Node:
        parts = [
            node.this,
            *(
                part
                for part in (node.args.get("expression"), node.args.get("replacement"))
                if part is not None
            ),
        ]
        if any(t.family(part) != "text" for part in parts):
            raise NotTranslatable(f"{name.lower()} of something else than texts")
        return call(name, *(t.of(part) for part in parts))

    return rule


def _contains(t: Translation, node: Node) -> Node:
    if {t.family(node.this), t.family(node.expression)} != {"text"}:
        raise NotTranslatable("contains of something else than texts")
    return paren(
        exp.GT(this=call("LOCATE", t.of(node.expression), t.of(node.this)), expression=number(0))
    )


def _replaced(t: Translation, node: Node) -> Node:
    """Replace a text by another.

    In place of an empty text Flink would put the new one between all letters.
    """
    replaced = _text_function("REPLACE")(t, node)
    searched = node.expression
    if isinstance(searched, exp.Literal) and searched.name:
        return replaced
    is_empty = exp.EQ(this=paren(t.of(searched)), expression=text(""))
    return exp.Case(ifs=[exp.If(this=is_empty, true=t.of(node.this))], default=replaced)


def _joined(t: Translation, node: Node) -> Node:
    if {t.family(node.this), t.family(node.expression)} != {"text"}:
        raise NotTranslatable("|| of something else than texts")
    return paren(exp.DPipe(this=t.of(node.this), expression=t.of(node.expression)))


def _cased(t: Translation, node: Node) -> Node:
    """Change the case of a text.

    Java knows all letters that DuckDB is helped with.
    """
    return type(node)(this=t.of(node.this))


def _read(t: Translation, node: Node) -> Node:
    """Take a number or day out of a text.

    The pattern is one of ours; others are refused.
    """
    pattern = node.expression
    if not isinstance(pattern, exp.Literal) or pattern.name not in READ_ALIKE:
        raise NotTranslatable("regexp_extract, which is not known to give the same value in Flink")
    group = node.args.get("group")
    place = number(int(group.name)) if group is not None else number(0)
    return call("REGEXP_EXTRACT", t.of(node.this), pattern.copy(), place)


def _led(t: Translation, node: Node) -> Node:
    """Put 0 before a number that begins with its point.

    It is put together from parts, since Flink has no groups in a replacement.
    """
    pattern = node.expression
    if not isinstance(pattern, exp.Literal) or pattern.name != LEADING_POINT:
        raise NotTranslatable("regexp_replace, which is not known to give the same value in Flink")
    value = t.of(node.this)
    sign = call("REGEXP_EXTRACT", value.copy(), pattern.copy(), number(1))
    digits = call("REGEXP_REPLACE", value.copy(), pattern.copy(), text(""))
    led = exp.If(
        this=call("REGEXP", value, pattern.copy()), true=call("CONCAT", sign, text("0."), digits)
    )
    return exp.Case(ifs=[led], default=value.copy())


RULES: Mapping[type[Node], Rule] = {
    exp.Substring: _substring,
    **dict.fromkeys((exp.Left, exp.Right), _end_of_text),
    exp.Trim: _trimmed,
    exp.Length: _text_function("CHAR_LENGTH"),
    exp.Like: _like,
    exp.Replace: _replaced,
    exp.StartsWith: _text_function("STARTSWITH"),
    exp.EndsWith: _text_function("ENDSWITH"),
    exp.Contains: _contains,
    exp.DPipe: _joined,
    **dict.fromkeys((exp.Upper, exp.Lower), _cased),
    exp.RegexpExtract: _read,
    exp.RegexpReplace: _led,
}
