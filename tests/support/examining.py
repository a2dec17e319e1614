"""What doctor says of a store that a test has written."""

from __future__ import annotations

import time
from typing import Any

from support.plans import MINUTE
from support.session import Session, row
from tilewright_runtime.operate.doctor import Examination, examine


def now_ms() -> int:
    """This moment."""
    return time.time_ns() // 1_000_000


def events(late_ms: int = 0, keys: str = "ab") -> list[dict[str, Any]]:
    """Some events of some keys, up to a while ago."""
    end_ms = now_ms() - late_ms
    return [row(key, 1, ts=end_ms - part * MINUTE) for part in range(20, 0, -1) for key in keys]


def causes(found: Examination) -> list[str]:
    """The checks that found a cause."""
    return [check.name for one in found.diagnoses for check in one.causes]


def examined(session: Session, **options: Any) -> Examination:
    """What doctor says of a session's store."""
    return examine(session.plan, session.store, **options)
