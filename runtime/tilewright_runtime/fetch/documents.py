"""Answers as JSON."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .fetcher import Answer


def jsonable(value: Any) -> Any:
    """Convert a value to what JSON can hold.

    Decimals, NaN and the infinities become text, times text of ISO 8601 in UTC.
    """
    match value:
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case dict():
            return {json_name(name): jsonable(item) for name, item in value.items()}
        case list() | tuple():
            return [jsonable(item) for item in value]
        case _:
            return value


def json_name(key: Any) -> str:
    """Write a key of a JSON object.

    The key may be a value of a histogram.
    """
    return str(key).lower() if isinstance(key, bool) else str(jsonable(key))


def answer_document(answer: Answer) -> dict[str, Any]:
    """Make what `tilewright fetch` prints.

    `quality` is in it only if the answer is not clean.
    """
    document = {"keys": answer.keys, "at": answer.at, "features": answer.features}
    if answer.quality:
        document["quality"] = answer.quality
    converted: dict[str, Any] = jsonable(document)
    return converted
