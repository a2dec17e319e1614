"""What a write did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..errors import InputError


@dataclass
class WriteReport:
    """What became of rows, and how many records were put."""

    rows: int = 0
    events: int = 0
    filtered: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    tiles: Counter[int] = field(default_factory=Counter)
    """Tiles by size."""
    chunks: int = 0
    """Chunks of raw events."""
    moved: dict[str, str] = field(default_factory=dict)
    """Files that go on where a file of another name ended, with that name."""
    errors: list[InputError] = field(default_factory=list)
    watermark_ms: int | None = None
    """The newest event's time less the disorder that the plan allows."""
    open_tiles: int = 0
    """Tiles that this writer has begun and that later events may change."""

    @property
    def usable(self) -> bool:
        """Whether the write was of use.

        It was if something was read without complaint, or if there was nothing to complain of.
        """
        return not self.errors and (self.events + self.filtered > 0 or not self.refused)
