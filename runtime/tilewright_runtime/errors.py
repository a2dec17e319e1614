"""Everything that the runtime raises on purpose.

TilewrightError       the root, which the language and the compiler share
├── CompileError      declarations that cannot be compiled (of the compiler)
├── PlanError         a plan that cannot be read or is of another version
├── KeyValueError     a key that the plan does not have, or that cannot be written
├── FetchError        a question that has no honest answer
│   └── MissingTileError     a tile that ought to be there, where the policy is to fail
├── InputError        events that cannot be read
│   ├── UnkeptRowsError      rows that cannot be used, and cannot be kept
│   └── TooManyRejectsError  more rows that cannot be used than may be
├── ServiceStartError  a service that cannot start (of `service`)
├── ServiceError      what a service refused (of its clients)
├── JobError          a job on another engine that cannot start, or that failed
└── StoreError        a store that is missing, locked, of another version or of another plan
    └── CorruptRecordError   a stored tile whose bytes are not what was written
"""

from __future__ import annotations

from tilewright.errors import TilewrightError

__all__ = [
    "CorruptRecordError",
    "FetchError",
    "InputError",
    "JobError",
    "KeyValueError",
    "MissingTileError",
    "PlanError",
    "StoreError",
    "TilewrightError",
    "TooManyRejectsError",
    "UnkeptRowsError",
    "installation_of",
    "shown",
]


#: Characters of a value that a message shows.
_LONGEST_SHOWN = 60


class PlanError(TilewrightError):
    """A plan is unreadable, damaged or of another version."""


class KeyValueError(TilewrightError):
    """The keys of a request do not fit the plan."""


class FetchError(TilewrightError):
    """A question has no honest answer."""


class MissingTileError(FetchError):
    """A tile is missing, and the policy is to fail."""


class InputError(TilewrightError):
    """Events cannot be read, or have changed since."""


class UnkeptRowsError(InputError):
    """Rows that cannot be used cannot be kept either."""


class TooManyRejectsError(InputError):
    """More rows cannot be used than the caller allows."""


class JobError(TilewrightError):
    """A job on another engine cannot start, or failed."""


class StoreError(TilewrightError):
    """A store is missing, locked, or of another plan."""


class CorruptRecordError(StoreError):
    """A stored tile has other bytes than were written."""


def installation_of(extra: str, *, pip: str = "pip") -> str:
    """Write the command that installs an extra."""
    return f"{pip} install './tilewright[{extra}]', where tilewright is the folder of the clone"


def shown(value: object) -> str:
    """Show a value in a message, cut if long."""
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_SHOWN:
        return "of that many digits"
    try:
        text = repr(value)
    except Exception:  # a mapping of such integers, or a class of the caller's
        return f"of type {type(value).__name__}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
