"""What becomes of stored tiles when a plan changes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ..humanize import one_line


class Verdict(IntEnum):
    """What becomes of stored tiles, from best to worst."""

    UNCHANGED = 0
    COMPATIBLE = 1
    OTHER_ANSWERS = 2
    NEW_LEVEL = 3
    NEW_LEVEL_WITH_BACKFILL = 4
    NEW_TABLE = 5

    @property
    def title(self) -> str:
        """The verdict in the words of a reviewer."""
        return MEANINGS[self][0]

    @property
    def meaning(self) -> str:
        """The consequence for stored tiles, and what to do."""
        return MEANINGS[self][1]


#: verdict -> (title, what it means and what to do). A store is bound to one storage fingerprint
#: (keys, states, levels).
MEANINGS: dict[Verdict, tuple[str, str]] = {
    Verdict.UNCHANGED: ("unchanged", "The plans are the same."),
    Verdict.COMPATIBLE: ("compatible", "Stored tiles serve the new plan as they are."),
    Verdict.OTHER_ANSWERS: (
        "other answers",
        "Stored tiles serve the new plan as they are, but requests lose a value or get another. "
        "See that whoever asks for it is ready.",
    ),
    Verdict.NEW_LEVEL: (
        "another ladder, without a backfill",
        "Stored tiles stay right, and every level of the new plan can be made from them. "
        "A store is made for one ladder: give the new plan a store of its own.",
    ),
    Verdict.NEW_LEVEL_WITH_BACKFILL: (
        "a new level, with a backfill",
        "Stored tiles of the other levels stay right, but a new level needs events that only the "
        "history has. "
        "A store is made for one ladder: write the history into a new store.",
    ),
    Verdict.NEW_TABLE: (
        "a new table",
        "Stored tiles mean something else under the new plan. Write the history into a new store, "
        "or give the GroupBy another name, so that both can be read while you move.",
    ),
}


@dataclass(frozen=True)
class Change:
    """One change, its own verdict, and the reason."""

    verdict: Verdict
    what: str
    why: str = ""

    @property
    def text(self) -> str:
        """The change and its reason, in one line.

        `keys user_id VARCHAR -> user_id BIGINT: tiles are found by their keys`.
        """
        return f"{one_line(self.what)}{': ' * bool(self.why)}{self.why}"

    def __str__(self) -> str:
        """Put the verdict before the text."""
        return f"{self.verdict.title}: {self.text}"
