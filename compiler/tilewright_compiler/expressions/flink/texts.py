"""Rules for Flink SQL: texts."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, call, number, paren
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
    if node.args.get("expression") is not None:
        raise NotTranslatable("trim of other characters than spaces")
    name = {"LEADING": "LTRIM", "TRAILING": "RTRIM"}.get(
        str(node.args.get("position") or "").upper()
    )
    return call(name, t.of(node.this)) if name else exp.Trim(this=t.of(node.this))


def _like(t: Translation, node: Node) -> Node:
    pattern = node.expression
    if not (isinstance(pattern, exp.Literal) and pattern.is_string) or "\\" in pattern.name:
        raise NotTranslatable("LIKE with a pattern that is no text, or has a backslash")
    like = paren(exp.Like(this=t.of(node.this), expression=pattern.copy()))
    return exp.not_(like, copy=False) if node.args.get("negate") else like


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
    return paren(
        exp.GT(this=call("LOCATE", t.of(node.expression), t.of(node.this)), expression=number(0))
    )


def _joined(t: Translation, node: Node) -> Node:
    if {t.family(node.this), t.family(node.expression)} != {"text"}:
        raise NotTranslatable("|| of something else than texts")
    return paren(exp.DPipe(this=t.of(node.this), expression=t.of(node.expression)))


RULES: Mapping[type[Node], Rule] = {
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
}
