"""Calls in dialects other than Spark's, as authors write them.

The parser reads names of every engine and of its own, and drops arguments that it does not know.
"""

from __future__ import annotations

import sqlglot

from ...sql.tree import Node, NotTranslatable, UnknownFunction
from ..parsing import BEFORE_OPERAND, sqlglot_dialect
from ..spark.calls import count_arguments

_MANY = 1 << 10
#: The functions that have a translation: how many arguments they take.
_CALLS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("abs", "len", "length", "char_length", "character_length"), (1, 1)),
    **dict.fromkeys(("year", "month", "day", "dayofmonth"), (1, 1)),
    **dict.fromkeys(("zeroifnull", "nullifzero"), (1, 1)),
    **dict.fromkeys(("mod", "nullif", "ifnull", "nvl"), (2, 2)),
    **dict.fromkeys(("if", "iif", "iff"), (2, 3)),
    "isnull": (1, 2),
    "coalesce": (1, _MANY),
}
#: What stands between operands, and is a function too in ClickHouse.
_CONNECTORS = frozenset({"AND", "OR", "XOR"})


def check_names(tree: Node, text: str) -> None:
    """Check the names of calls, and how many arguments they have.

    Raises NotTranslatable for those that no dialect takes.
    """
    for node in tree.walk():
        start, end = node.meta.get("start"), node.meta.get("end")
        if start is None or end is None or not text[end + 1 :].lstrip().startswith("("):
            continue
        name = text[start : end + 1].strip('`"[]').lower()
        if name not in _CALLS:
            raise UnknownFunction(f"{name}, which is not known to mean the same there and here")
        least, most = _CALLS[name]
        if not least <= (count := count_arguments(text, end + 1)) <= most:
            takes = f"{least}" if least == most else f"{least} or {most}"
            raise NotTranslatable(f"{name} with {count} arguments: it takes {takes}")


def check_connectors(text: str, dialect: str) -> None:
    """Refuse AND and OR that are called as functions.

    The parser drops their arguments where it knows one.
    """
    tokens = sqlglot.tokenize(text, read=sqlglot_dialect(dialect))
    for before, token in zip([None, *tokens], tokens, strict=False):
        begins = before is None or BEFORE_OPERAND.fullmatch(before.token_type.name)
        if token.token_type.name in _CONNECTORS and begins:
            what = f"{token.text.lower()}(…) as a function. Write it between its operands"
            raise NotTranslatable(what)
