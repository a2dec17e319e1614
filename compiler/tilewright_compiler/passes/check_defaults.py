"""Pass: whether each `default=` could be a value of its feature."""

from __future__ import annotations

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from ..draft import Draft
from ..states import element


def check_defaults(draft: Draft) -> None:
    """Report defaults of another type than the feature, such as a text for a SUM."""
    seen: set[int] = set()
    for feature in draft.features:
        aggregation = feature.aggregation
        kind = element(draft.inputs.get(aggregation.input_column, ""))
        if aggregation.default is None or not kind or id(aggregation) in seen:
            continue
        seen.add(id(aggregation))
        result = feature.type(kind)
        if not _fits(aggregation.default, result):
            what = f"default={aggregation.default!r} is not a value of {feature.name}, which is {result}."
            draft.report("TW010", aggregation.site, f"{what} Give {_example(result)}, or leave it out.")


def _fits(value: Any, result: str) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return next(check(value) for pattern, check, _ in _KINDS if fnmatchcase(result, pattern))


def _example(result: str) -> str:
    return next(example for pattern, _, example in _KINDS if fnmatchcase(result, pattern))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


#: form of a type -> what its defaults are, and an example
_KINDS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("DOUBLE[[]]", lambda value: isinstance(value, list) and all(map(_is_number, value)), "a list of numbers such as [0.0]"),
    ("*[[]]", lambda value: isinstance(value, list), "a list such as []"),
    ("MAP*", lambda value: isinstance(value, dict), "a map such as {}"),
    ("DOUBLE*", _is_number, "a number such as 0.0"),
    ("FLOAT*", _is_number, "a number such as 0.0"),
    ("DECIMAL*", lambda value: _is_number(value) or isinstance(value, str), "a number such as 0 or '0.00'"),
    ("BOOLEAN*", lambda value: isinstance(value, bool), "True or False"),
    ("VARCHAR*", lambda value: isinstance(value, str), "a text"),
    ("DATE*", lambda value: isinstance(value, str), "a text such as '1970-01-01'"),
    ("TIMESTAMP*", lambda value: isinstance(value, str), "a text such as '1970-01-01T00:00:00Z'"),
    ("*", _is_whole, "a whole number such as 0"),
)
