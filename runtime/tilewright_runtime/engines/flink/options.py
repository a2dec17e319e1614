"""What the command line of a Flink job says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class JobOptions:
    """What a job is started with."""

    store: str
    events: Mapping[str, str]
    """Source -> its file or folder of JSON Lines."""
    stream: bool
    follow: bool
    replay: bool
    """Whether events may be ahead of the clock."""
    refused: str | None
    checkpoints: str | None
    parallelism: int | None
    jars: Sequence[str]
