"""Operators that stand beside each other without brackets.

`a = b IS NULL` is `(a = b) IS NULL` to one engine and `a = (b IS NULL)` to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from ..sql.tree import Node

#: Operators that give true or false, each on a level of its own in some engine.
_PREDICATES = (
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.Is, exp.In, exp.Between, exp.Like, exp.ILike, exp.Escape),
)
#: Operators of bits and texts, and the signs that tell them from functions of the same meaning.
_SIGNS: dict[type[Node], str] = {
    exp.BitwiseAnd: "&",
    exp.BitwiseOr: "|",
    exp.BitwiseXor: "^",
    exp.BitwiseLeftShift: "<<",
    exp.BitwiseRightShift: ">>",
    exp.DPipe: "||",
}
_MATCH = re.compile(r"\b(?:rlike|regexp)\b\s*[^\s(]", re.IGNORECASE)


def mixed(tree: Node, text: str) -> str | None:
    """Find operators whose order engines do not agree on.

    Gives what to say of them, None where each has its brackets.
    """
    for node in tree.find_all(*_PREDICATES, *_SIGNS, exp.RegexpLike):
        for part in _operands(node):
            if _is_mixed(node, part, text):
                return (
                    "operators without brackets that engines put together in different ways, such "
                    "as a = b IS NULL. Put brackets around what belongs together"
                )
    return None


def _operands(node: Node) -> Iterator[Node]:
    """List an operator's operands."""
    for key in ("this", "expression", "low", "high"):
        if isinstance(part := node.args.get(key), Node):
            yield part


def _is_mixed(node: Node, part: Node, text: str) -> bool:
    if _is_written(node, _PREDICATES, text):
        is_escaped = isinstance(node, exp.Escape) and isinstance(part, exp.Like | exp.ILike)
        return not is_escaped and _is_written(part, (*_PREDICATES, exp.Not), text)
    if type(node) not in _SIGNS or _SIGNS[type(node)] not in text:
        return False
    if type(part) in _SIGNS:
        return type(part) is not type(node) and _SIGNS[type(part)] in text
    is_sum = isinstance(part, exp.Add | exp.Sub)
    return isinstance(node, exp.DPipe) and part is node.expression and is_sum


def _is_written(node: Node, kinds: tuple[type[Node], ...], text: str) -> bool:
    """Tell whether an operator is written as one.

    A match may be a function as well.
    """
    if isinstance(node, exp.RegexpLike):
        return _MATCH.search(text) is not None
    return isinstance(node, kinds)
