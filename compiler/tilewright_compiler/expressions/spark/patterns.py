"""Functions of regular expressions and of JSON paths.

Their patterns are read when an expression is compiled.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, call, number, text
from .java_regex import parse
from .look_aheads import conditions_of
from .regex_parts import Regex
from .replacements import replacement
from .types import families

_NO_NUMBERS = ("NaN", "Infinity", "-Infinity", "nan", "inf", "-inf")
Correction = Callable[[Node, TypeOf], Node]


def _source(node: Node, type_of: TypeOf) -> str:
    """Give the pattern of a function as it is written.

    Both it and what is searched must be texts.
    """
    if families([node.this], type_of) - {"text"}:
        raise NotTranslatable("a regular expression on something else than a text")
    pattern = node.expression
    if isinstance(pattern, exp.Literal) and pattern.is_string:
        return str(pattern.name)
    raise NotTranslatable("a regular expression that is no text. Write it between quotes")


def _searched(source: str, function: str) -> Regex:
    """Parse a pattern for a function that finds all matches.

    After a match Java also finds the empty one behind it, and RE2 does not.
    """
    regex = parse(source)
    if regex.is_nullable and not (regex.starts and function == "regexp_replace"):
        raise NotTranslatable(f"{function} of what may be empty. Use + in place of *")
    return regex


def _matched(node: Node, type_of: TypeOf) -> Node:
    conditions: list[Node] = []
    for source, is_wanted in conditions_of(_source(node, type_of)):
        matches = exp.RegexpLike(this=node.this.copy(), expression=text(parse(source).pattern))
        conditions.append(matches if is_wanted else exp.not_(matches, copy=False))
    return conditions[0] if len(conditions) == 1 else exp.paren(exp.and_(*conditions, copy=False))


def _extracted(node: Node, type_of: TypeOf) -> Node:
    source, group = _source(node, type_of), node.args.get("group") or number(1)
    if not (isinstance(group, exp.Literal) and group.is_int):
        raise NotTranslatable("regexp_extract of a group that is no number")
    if any(node.args.get(key) is not None for key in ("position", "occurrence", "parameters")):
        raise NotTranslatable("regexp_extract with more than three arguments")
    regex, wanted = parse(source), int(group.name)
    if wanted > len(regex.groups):
        has = f"which has {len(regex.groups)} groups"
        raise NotTranslatable(f"group {wanted} of {source!r}, {has}. Use 0 for the whole match")
    if regex.has_end_in_group or (regex.tails and wanted == 0 and "|" in source):
        raise NotTranslatable("'$' in a group that is extracted. Write it at the pattern's end")
    if regex.tails and wanted == 0:  # the match without what only follows it
        end = len(source.removesuffix("$")) if regex.tail_at is None else regex.tail_at
        regex, wanted = parse(f"({source[:end]}){source[end:]}"), 1
    place = regex.groups[wanted] if wanted else 0
    return call("REGEXP_EXTRACT", node.this.copy(), text(regex.pattern), number(place))


def _replaced(node: Node, type_of: TypeOf) -> Node:
    source, written = _source(node, type_of), node.args.get("replacement")
    if any(node.args.get(key) is not None for key in ("position", "occurrence", "modifiers")):
        raise NotTranslatable("regexp_replace with more than three arguments")
    if not (isinstance(written, exp.Literal) and written.is_string):
        raise NotTranslatable("a replacement that is no text. Write it between quotes")
    regex = _searched(source, "regexp_replace")
    if regex.has_end_in_group:
        raise NotTranslatable("'$' in a group of regexp_replace. Write it at the pattern's end")
    if regex.tail_at is not None and not regex.starts:
        raise NotTranslatable("regexp_replace with a look-ahead. Begin its pattern with '^'")
    into = replacement(source, str(written.name))
    return call("REGEXP_REPLACE", node.this.copy(), text(regex.pattern), text(into), text("g"))


def _split(node: Node, type_of: TypeOf) -> Node:
    source = _source(node, type_of)
    if node.args.get("limit") is not None:
        raise NotTranslatable("split with a limit. Leave it out")
    if source == "":
        raise NotTranslatable("split at the empty text")
    regex = _searched(source, "split")
    if regex.tails:
        raise NotTranslatable("split at '$' or a look-ahead")
    return exp.RegexpSplit(this=node.this.copy(), expression=text(regex.pattern))


def _regexp(arguments: list[Node], type_of: TypeOf) -> Node:
    return _matched(exp.RegexpLike(this=arguments[0], expression=arguments[1]), type_of)


def _json(node: Node, type_of: TypeOf) -> Node:
    """Translate a look into a JSON text.

    DuckDB also reads NaN and Infinity as numbers.
    """
    path = node.expression
    if families([node.this], type_of) - {"text"}:
        raise NotTranslatable("get_json_object of something else than a text")
    if not isinstance(path, exp.JSONPath):
        raise NotTranslatable("a JSON path that is no text such as '$.a.b' between quotes")
    for part in path.expressions:
        is_index = isinstance(part, exp.JSONPathSubscript) and isinstance(part.this, int)
        is_plain = isinstance(part, exp.JSONPathRoot) or (
            isinstance(part, exp.JSONPathKey) and isinstance(part.this, str)
        )
        if not is_plain and not (is_index and part.this >= 0):
            raise NotTranslatable("a JSON path with something else than names and places")
    steps = [part for part in path.expressions if not isinstance(part, exp.JSONPathRoot)]
    if not steps:
        raise NotTranslatable("the JSON path '$', which writes a text anew. Name what is wanted")
    place = text(_path(steps))
    value = call("TRY", call("JSON_EXTRACT_STRING", node.this.copy(), place))
    kind = call("TRY", call("JSON_TYPE", node.this.copy(), place.copy()))
    no_number = exp.In(this=value, expressions=[text(word) for word in _NO_NUMBERS])
    is_double = exp.EQ(this=kind, expression=text("DOUBLE"))
    wrong = exp.and_(no_number, is_double, copy=False)
    return exp.Case(ifs=[exp.If(this=wrong, true=exp.Null())], default=value.copy())


def _path(steps: list[Node]) -> str:
    return "$" + "".join(
        f"[{part.this}]" if isinstance(part, exp.JSONPathSubscript) else f'."{_name(part.this)}"'
        for part in steps
    )


def _name(key: str) -> str:
    if '"' in key or "\\" in key:
        raise NotTranslatable("a JSON path with quotes or backslashes in a name")
    return key


PATTERNS: dict[type[Node], Correction] = {
    exp.RegexpLike: _matched,
    exp.RegexpExtract: _extracted,
    exp.RegexpReplace: _replaced,
    exp.RegexpSplit: _split,
    exp.JSONExtractScalar: _json,
}

PATTERNS_BY_NAME = {"regexp": (2, 2, _regexp)}
