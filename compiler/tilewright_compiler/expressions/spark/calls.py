"""Calls as authors write them.

The parser reads names of every engine, and drops arguments that it does not know.
"""

from __future__ import annotations

import re

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, UnknownFunction
from .functions import ACCEPTED
from .ints import int_of

#: The functions of Spark that are translated, by how many arguments they take at most.
_OF_ONE = """
    abs array_max array_min ascii bigint boolean cardinality cbrt char_length character_length
    date day dayofmonth dayofweek dayofyear decimal degrees double exp float hour int isnan
    isnotnull isnull last_day lcase len length ln log10 log2 lower map_keys map_values md5
    minute month negative positive quarter radians reverse second sign signum size smallint
    space sqrt string timestamp timestamp_micros timestamp_millis timestamp_seconds tinyint
    ucase unix_micros unix_millis unix_seconds upper weekday weekofyear year
"""
_OF_TWO = """
    add_months array_contains array_position array_sort bround ceil ceiling contains date_add
    date_diff date_format date_sub date_trunc dateadd datediff element_at endswith floor
    from_unixtime from_utc_timestamp get get_json_object ifnull instr left log ltrim
    map_contains_key mod nullif nvl pmod pow power regexp regexp_like repeat right rlike round
    rtrim sha2 shiftleft shiftright sort_array startswith to_date to_timestamp
    to_unix_timestamp to_utc_timestamp trim trunc try_element_at unix_timestamp
"""
_OF_THREE = """
    array_join charindex if ilike like locate lpad make_date nvl2 position regexp_extract
    replace rpad slice split split_part substr substring translate
"""
_MANY = 1 << 10
_MOST_ARGUMENTS: dict[str, int] = {
    **dict.fromkeys(_OF_ONE.split(), 1),
    **dict.fromkeys(_OF_TWO.split(), 2),
    **dict.fromkeys(_OF_THREE.split(), 3),
    "regexp_replace": 4,
    **dict.fromkeys(("array", "coalesce", "concat", "concat_ws", "greatest", "least"), _MANY),
}
#: What Databricks has and Spark has not.
_OF_DATABRICKS = frozenset({"charindex"})
#: What counts in a call's text: brackets and commas that are in no text or comment.
_SIGNS = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`|--[^\n]*|/\*.*?\*/|[()\[\],]""", re.DOTALL
)
#: Calls that make texts of any length, with the part that says how long.
_LENGTHS: dict[type[Node], str] = {exp.Repeat: "times", exp.Space: "this", exp.Pad: "expression"}
_MOST_CHARACTERS = 10_000


def check_calls(tree: Node, text: str, dialect: str) -> None:
    """Check that Spark takes the calls of an expression as they are written.

    Raises NotTranslatable for a name that Spark does not know, though another engine does, for
    too many arguments, and for texts that one row could make gigabytes long.
    """
    check_lengths(tree)
    for node in tree.walk():
        start, end = node.meta.get("start"), node.meta.get("end")
        if start is None or end is None or not text[end + 1 :].lstrip().startswith("("):
            continue
        if type(node) not in ACCEPTED:
            continue  # which is known by its name, or refused whatever that is
        name = text[start : end + 1].strip("`").lower()
        most = _MOST_ARGUMENTS.get(name)
        if most is None or (name in _OF_DATABRICKS and dialect != "databricks"):
            raise UnknownFunction(f"the function {name}, which Spark does not have")
        if (count := count_arguments(text, end + 1)) > most:
            raise NotTranslatable(f"{name} with {count} arguments: it takes {most}")


def check_lengths(tree: Node) -> None:
    """Refuse texts that one row could make gigabytes long.

    Raises NotTranslatable for the first of them.
    """
    for node in tree.walk():
        if (key := _LENGTHS.get(type(node))) is not None:
            _check_length(node.args.get(key))


def _check_length(length: Node | None) -> None:
    if length is None:
        return
    most = _most(length)
    if most is None or most > _MOST_CHARACTERS:
        raise NotTranslatable(
            "a text whose length a row may choose, or of more than "
            f"{_MOST_CHARACTERS:,} characters. Bound the length, as in least(n, 100)"
        )


def _most(value: Node) -> int | None:
    """Give the most that a whole number may be, if that is written."""
    bare = value.unnest()
    match bare:
        case exp.Cast():
            return _most(bare.this)
        case exp.Mod():
            divisor = int_of(bare.expression.unnest())
            return None if divisor is None else abs(divisor)
        case exp.Least():
            bounds = [_most(part) for part in (bare.this, *bare.expressions)]
            return min((bound for bound in bounds if bound is not None), default=None)
    return int_of(bare)


def count_arguments(text: str, at: int) -> int:
    """Count the arguments in the brackets that follow a place."""
    depth, commas = 0, 0
    for sign in _SIGNS.finditer(text, at):
        match sign[0]:
            case "(" | "[":
                depth += 1
            case ")" | "]":
                depth -= 1
                if depth == 0:
                    is_empty = text[at : sign.start()].strip() == "("
                    return 0 if is_empty else commas + 1
            case "," if depth == 1:
                commas += 1
    return 0
