"""Everything that the runtime raises on purpose.

TilewrightError       the root, which the language and the compiler share
├── CompileError      declarations that cannot be compiled (of the compiler)
├── PlanError         a plan that cannot be read or is of another version
├── KeyValueError     a key that the plan does not have, or that cannot be written
├── FetchError        a question that has no honest answer
├── InputError        events that cannot be read
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
    "PlanError",
    "StoreError",
    "TilewrightError",
    "shown",
]


#: Characters of a value that a message shows.
_LONGEST_SHOWN = 60


class PlanError(TilewrightError):
    """The plan cannot be read, is damaged, or is of another version."""


class KeyValueError(TilewrightError):
    """The keys of a request do not fit the plan."""


class FetchError(TilewrightError):
    """The question cannot be answered honestly."""


class InputError(TilewrightError):
    """The events cannot be read, or are not what was read before."""


class JobError(TilewrightError):
    """A job on another engine cannot start, or it failed."""


class StoreError(TilewrightError):
    """The store is missing, locked by another writer, or not made for this plan."""


class CorruptRecordError(StoreError):
    """The bytes of a stored tile are not what was written."""


def shown(value: object) -> str:
    """Show a value in a message, cut where it is long."""
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_SHOWN:
        return "of that many digits"
    try:
        text = repr(value)
    except Exception:  # a mapping of such integers, or a class of the caller's
        return f"of type {type(value).__name__}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
