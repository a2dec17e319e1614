"""Holds what a request asks for beyond values.

That is a report, and what to do about missing tiles.
"""

from __future__ import annotations

from typing import Any, NamedTuple, get_args

from tilewright.suggestions import nearest
from tilewright.windows import Duration, duration_ms
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.plan.settings import OnMissing

from ..errors import FetchError, shown
from ..lazily import np

#: What may be done about tiles that ought to be there.
ON_MISSING: tuple[str, ...] = get_args(OnMissing)


class Policy(NamedTuple):
    """How good an answer has to be.

    It also says whether the answer tells how good it is.
    """

    reports: bool = False
    """Whether the quality of an answer is told in full, even if it is clean."""
    on_missing: str | None = None
    max_staleness_ms: int | None = None
    """How old the newest event that was written may be."""

    @property
    def asks_progress(self) -> bool:
        """Whether the progress of the writer matters."""
        return self != PLAIN


#: Without a policy a damaged tile is an error, and what a store says against itself is told.
PLAIN = Policy()


def policy_of(
    plan: Plan, reports: bool, on_missing: str | None, max_staleness: Duration | None
) -> Policy:
    """Join what a request and its plan ask for.

    Raises FetchError for a policy or a duration that is none.
    """
    if not isinstance(reports, bool) and not isinstance(reports, np.bool_):
        raise FetchError(f"quality {shown(reports)} is neither True nor False.")
    if on_missing is not None and not (isinstance(on_missing, str) and on_missing in ON_MISSING):
        text = on_missing if isinstance(on_missing, str) else shown(on_missing)
        raise FetchError(f"on_missing {text!r} is no policy. {nearest(text, ON_MISSING)}")
    serving = plan.serving
    staleness_ms = serving.max_staleness_ms
    if max_staleness is not None:
        staleness_ms = _duration_ms(max_staleness)
    return Policy(bool(reports), on_missing or serving.on_missing, staleness_ms)


def _duration_ms(duration: Any) -> int:
    try:
        return duration_ms(duration)
    except (ValueError, TypeError) as wrong:
        raise FetchError(
            f"max_staleness {shown(duration)} is no duration ({wrong}). Write one such as '5m'."
        ) from None
