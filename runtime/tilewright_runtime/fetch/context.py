"""Holds what the steps of a fetch work on.

That is what is known of the plan, and what the steps make of a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tilewright_compiler.plan.model import Plan

from ..metrics import PlanMetrics, metrics_of
from ..plans.frozen import Frozen, Slotted
from ..stores import Store
from ..stores.base import ScanRequest
from ..stores.checked import Reading
from ..stores.progress import Progress, progress_name
from ..tiles.cover import Segment
from ..tiles.keys import Range
from .damage import Tile
from .policy import PLAIN, Policy
from .program import Program
from .schedule import Schedule
from .tiles import Tiles

if TYPE_CHECKING:
    from .cache import CachedTable
    from .derivations import Derivations


class AnyReader(Protocol):
    """Reads the tiles of one plan."""

    def read(self, requests: Sequence[ScanRequest], names: Sequence[str] = ()) -> Reading:
        """Read records, and documents of some names."""


class AnyDirect(Protocol):
    """Answers some requests without the steps."""

    def find(
        self, entities: Sequence[str], schedule: Schedule, at_ms: int, end_ms: int
    ) -> Sequence[tuple[dict[str, Any], dict[str, Any]] | None] | None:
        """Find the features and the quality of entities, or None."""

    def answer(self, states: Sequence[FetchState]) -> Sequence[FetchState]:
        """Answer what it can, and return the others."""


class FetchContext(Frozen):
    """What all fetches of some features share.

    Nothing of it changes.
    """

    plan: Plan
    store: Store
    reader: AnyReader
    program: Program
    derivations: Derivations | None
    most_tiles: int | None
    """The tiles that a window may read, None for any number."""
    cached: CachedTable | None
    """Where finished tiles are kept, if they are."""
    names: tuple[str, ...]
    """What an answer holds, in the order of the plan."""
    policy: Policy = PLAIN
    steps: tuple[Step, ...] = ()
    """The steps of its fetches."""
    direct: AnyDirect | None = None
    """What answers plain requests without the steps, if anything does."""

    @cached_property
    def metrics(self) -> PlanMetrics:
        """Where its fetches are counted."""
        return metrics_of(self.plan.name)

    @cached_property
    def documents(self) -> tuple[str, ...]:
        """The names of what is read beside the records."""
        return (progress_name(self.plan),) if self.policy.asks_progress else ()


class Later(Slotted):
    """Has features that are made when somebody first looks at them."""

    __slots__ = ("later",)

    features: dict[str, Any]
    later: tuple[Any, int] | None
    """What the kernel found for many requests, and the number of this one."""

    if not TYPE_CHECKING:  # to a checker it would stand for any name

        def __getattr__(self, name: str) -> Any:
            """Make the features, where they are not set."""
            if name != "features" or self.later is None:
                raise AttributeError(f"{type(self).__name__} has no {name}")
            found, index = self.later
            self.features = features = found.features(index)
            return features


class FetchState(Later):
    """One request, and what the steps made of it."""

    __slots__ = (
        "at_ms",
        "covers",
        "damaged",
        "end_ms",
        "entity",
        "features",
        "flaws",
        "head_level_ms",
        "keys",
        "progress",
        "quality",
        "ranges",
        "scan_request",
        "schedule",
        "tiles",
    )

    keys: Mapping[str, Any]
    at_ms: int
    end_ms: int
    """Where reading ends; later than the query time if all counts that was written until now."""
    entity: str
    schedule: Schedule
    ranges: Sequence[Range]
    scan_request: ScanRequest
    tiles: Tiles
    head_level_ms: int | None
    """The coarsest level whose newest tile has only events before the query time."""
    covers: Sequence[Sequence[Segment]]
    """The cover of each of the program's windows."""
    features: dict[str, Any]
    quality: dict[str, Any]
    flaws: Mapping[str, Any] | None
    """What is to be said against what the store gave."""
    damaged: Sequence[Tile]
    """The tiles that could not be read, where the policy is not to fail at once."""
    progress: Progress | None
    """How far the writer has come, if the policy asks for it."""

    def __init__(self, keys: Mapping[str, Any], at_ms: int, end_ms: int, entity: str) -> None:
        self.keys = keys
        self.at_ms = at_ms
        self.end_ms = end_ms
        self.entity = entity
        self.later = None
        self.flaws = None
        self.damaged = ()
        self.progress = None


class Step(NamedTuple):
    """A part of the work, done for a whole batch."""

    name: str
    work: Callable[[FetchContext, Sequence[FetchState]], None]
    receive: Callable[[FetchContext, Sequence[FetchState], Reading], None] | None = None
    """What the step does with what was read, if it reads: then the reading may be awaited."""
