"""What a store says that was swept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tilewright_compiler.plan.model import Plan

from ..errors import FetchError
from ..tiles.keys import Range, level_name
from ..times import iso
from .base import ScanRequest
from .documents import reading_document


def swept_name(plan: Plan) -> str:
    """Name the document of what was swept."""
    return f"swept/{plan.name}"


def swept_until(plan: Plan, document: bytes | None) -> dict[str, int]:
    """Read before which start each level's tiles are gone."""
    with reading_document(swept_name(plan)):
        starts_ms = json.loads(document or b"{}")
        return {str(level): int(until_ms) for level, until_ms in starts_ms.items()}


def require_not_swept(
    until_ms: Mapping[str, int], requests: Sequence[ScanRequest], url: str
) -> None:
    """Require that no range reaches back to what was swept.

    Raises FetchError if one does.
    """
    for _, ranges in requests:
        for one in ranges:
            gone_ms = _gone(until_ms, one)
            if gone_ms is not None:
                raise FetchError(
                    f"store {url} was swept: its tiles of {level_name(one.kind, one.size_ms)} "
                    f"begin at {iso(gone_ms)}, and this answer needs earlier ones. Ask for a "
                    "later time."
                )


def _gone(until_ms: Mapping[str, int], one: Range) -> int | None:
    until = until_ms.get(level_name(one.kind, one.size_ms))
    return until if until is not None and one.start_ms < until and not one.lifetime else None
