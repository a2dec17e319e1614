"""Amounts and texts for people: rounded, in one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tilewright.windows import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

if TYPE_CHECKING:
    from .plan.cost import Request
    from .plan.model import Feature

_SPANS_MS = (("d", DAY_MS), ("h", HOUR_MS), ("m", MINUTE_MS), ("s", SECOND_MS), ("ms", 1))


def format_bytes(count: int) -> str:
    """Write a number of bytes in three digits.

    >>> format_bytes(864), format_bytes(91_960), format_bytes(2_500_000)
    ('864 B', '92 kB', '2.5 MB')
    """
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if amount < 9.95 and unit != "B" else f"{amount:.0f} {unit}"


def format_span(length_ms: int) -> str:
    """Write a length of time in its two largest units.

    The rest is rounded down.

    >>> format_span(940_050_000), format_span(37 * 60_000 + 25_000), format_span(0)
    ('10d 21h', '37m 25s', '0s')
    """
    parts: list[str] = []
    for unit, size in _SPANS_MS:
        count, length_ms = divmod(length_ms, size)
        if count or parts:
            parts.append(f"{count}{unit}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(filter(None, parts)) or "0s"


def format_ago(age_ms: int) -> str:
    """Write how long ago something was, in whole seconds.

    What a fast clock puts into the future is now.

    >>> format_ago(10_148), format_ago(-5)
    ('10s ago', '0s ago')
    """
    return f"{format_span(max(age_ms, 0) // SECOND_MS * SECOND_MS)} ago"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun.

    >>> counted(1, "tile"), counted(1200, "tile")
    ('1 tile', '1,200 tiles')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def requested(request: Request) -> str:
    """Say how many tiles and chunks a request reads."""
    parts: list[str] = []
    if request.tiles or not request.chunks:
        parts.append(counted(request.tiles, "tile"))
    if request.chunks:
        parts.append(counted(request.chunks, "chunk"))
    return " and ".join(parts)


def one_line(text: str) -> str:
    """Escape what would move the cursor or colour the terminal."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text
    )


def operation_text(feature: Feature) -> str:
    """Write an operation, as in `TOP_K(3) by country`."""
    by = "" if feature.bucket is None else f" by {feature.bucket}"
    return f"{feature.operation}{_arguments(feature.params)}{by}"


def _arguments(params: Mapping[str, Any]) -> str:
    texts = [value if isinstance(value, str) else json.dumps(value) for value in params.values()]
    return f"({', '.join(texts)})" if texts else ""
