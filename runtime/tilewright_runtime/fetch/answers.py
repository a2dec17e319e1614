"""The answers of fetches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .steps import FetchState


@dataclass(slots=True)
class Answer:
    """The features of some keys at a time.

    The time is in epoch milliseconds. `quality` is empty if they are clean.
    """

    keys: dict[str, Any]
    at: int
    features: dict[str, Any]
    quality: dict[str, Any] = field(default_factory=dict)


def answer_of(state: FetchState) -> Answer:
    """Make the answer to a request that took all steps."""
    return Answer(dict(state.keys), state.at_ms, state.features, state.quality)
