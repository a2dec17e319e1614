"""Pass: check each `default=` against its feature's type."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

from ..draft import Draft
from ..plan.defaults import default_value


def check_defaults(draft: Draft) -> None:
    """Report defaults that do not have their feature's type.

    A text as the default of a SUM is one.
    """
    seen: set[int] = set()
    for feature in draft.features:
        aggregation = feature.aggregation
        if (
            aggregation.default is None
            or id(aggregation) in seen
            or any(name not in draft.columns for name in feature.columns)
        ):
            continue
        seen.add(id(aggregation))
        result = feature.type(draft.columns)
        if not _fits(aggregation.default, result):
            what = (
                f"default={aggregation.default!r} is not a value of {feature.name}, which is "
                f"{result}."
            )
            draft.report(
                "TW010", aggregation.site, f"{what} Give {_example(result)}, or leave it out."
            )


def _fits(value: Any, result: str) -> bool:
    try:
        default_value(value, result)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()  # half a surrogate is none
    except (TypeError, ValueError):
        return False
    return True


def _example(result: str) -> str:
    return next(example for pattern, example in _EXAMPLES if fnmatchcase(result, pattern))


#: form of a type -> an example of its defaults
_EXAMPLES: tuple[tuple[str, str], ...] = (
    ("DOUBLE[[]]", "a list of numbers such as [0.0]"),
    ("*[[]]", "a list such as []"),
    ("MAP*", "a map such as {}"),
    ("DOUBLE*", "a number such as 0.0"),
    ("FLOAT*", "a number such as 0.0"),
    ("DECIMAL*", "a number such as 0 or '0.00', with no more digits than the type"),
    ("BOOLEAN*", "True or False"),
    ("VARCHAR*", "a text"),
    ("DATE*", "a text such as '1970-01-01'"),
    ("TIMESTAMP*", "a text such as '1970-01-01T00:00:00Z'"),
    ("*", "a whole number such as 0"),
)
