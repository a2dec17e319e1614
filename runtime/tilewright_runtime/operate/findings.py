"""What verify finds in a store.

It finds tables with their levels, and what is damaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..tiles.keys import Kind, level_name


@dataclass(frozen=True)
class Damage:
    """A thing that is not what was written."""

    place: str
    reason: str


@dataclass
class Level:
    """What was found of one level of a table."""

    name: str
    tiles: int = 0
    events: int = 0
    damaged: int = 0
    counted: int | None = None
    """The tiles that the writer has counted."""
    counted_events: int | None = None
    expires: bool = False
    """Whether some of them may be gone because their time to live has passed."""

    @property
    def missing(self) -> int:
        """How many tiles are missing.

        It is less than zero if there are too many.
        """
        return self._missing(self.counted, self.tiles)

    @property
    def missing_events(self) -> int:
        """How many events no sound tile holds."""
        return self._missing(self.counted_events, self.events)

    def _missing(self, counted: int | None, there: int) -> int:
        missing = 0 if counted is None else counted - there
        return min(missing, 0) if self.expires else missing

    @property
    def is_sound(self) -> bool:
        """Whether the level is as written, as far as known."""
        return not (self.damaged or self.missing or self.missing_events)


@dataclass
class Table:
    """What was found of the tiles of one plan."""

    name: str
    fingerprint: str | None
    """That of the plan which the store names, if it names one."""
    levels: dict[tuple[Kind, int], Level] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What could not be known."""

    def level(self, kind: Kind, size_ms: int) -> Level:
        """Give a level of the table.

        It is new if nothing of it was found yet.
        """
        name = level_name(kind, size_ms)
        return self.levels.setdefault((kind, size_ms), Level(name))

    @property
    def is_sound(self) -> bool:
        """Whether all levels are as they were written."""
        return all(level.is_sound for level in self.levels.values())


@dataclass
class Verification:
    """What was found in a store."""

    store: str
    tables: Sequence[Table]
    documents: int
    damaged: Sequence[Damage]
    """The first of them."""
    damages: int
    """How many there are."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing is damaged, missing or too much."""
        return not self.damages and all(table.is_sound for table in self.tables)
