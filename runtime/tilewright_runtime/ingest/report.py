"""What a write did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ..errors import InputError
from ..tiles.keys import EVENTS

if TYPE_CHECKING:
    from ..tiles.rows import LevelTiles
    from .loaded_batch import LoadedBatch


class Stage(NamedTuple):
    """What is being done of a batch."""

    name: str
    done: float
    """The part of its work that is done by then, roughly."""


READING = Stage("reading", 0.0)
AGGREGATING = Stage("aggregating", 0.4)
MERGING = Stage("merging", 0.7)


@dataclass
class WriteReport:
    """What became of rows, and how many records were put."""

    rows: int = 0
    events: int = 0
    filtered: int = 0
    beyond: int = 0
    """Events on the other side of the cut-over between history and stream."""
    duplicates: int = 0
    """Events that were passed over, since one with the same id counts already."""
    late: int = 0
    """Late events that were not just merged, as the plan's policy says."""
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
    stage: Stage = READING
    """What is being done of the batch in progress."""
    reaching: float = 0.0
    """The part of the input that this batch leads to, from 0 to 1; 0 if unknown."""

    @property
    def usable(self) -> bool:
        """Whether the write was of use.

        It was if something was read without complaint, or if there was nothing to complain of.
        """
        read = self.events + self.filtered + self.beyond + self.duplicates
        return not self.errors and (read > 0 or not self.refused)

    def add(self, loaded: LoadedBatch, levels: Iterable[LevelTiles]) -> None:
        """Count the events of a batch, and its tiles."""
        self.events += loaded.usable
        self.filtered += loaded.filtered
        self.beyond += loaded.beyond
        self.duplicates += loaded.duplicates
        self.late += len(loaded.late)
        for tiles in levels:
            if tiles.keys.kind == EVENTS:
                self.chunks += len(tiles.block)
            else:
                self.tiles[tiles.keys.size_ms] += len(tiles.block)
