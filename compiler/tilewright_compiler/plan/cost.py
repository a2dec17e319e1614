"""What a request and an entity cost, estimated."""

from __future__ import annotations

from typing import Literal

from .checks import Natural, Positive, Real
from .part import Part, field


class Request(Part):
    """What one fetch reads: tiles, and chunks of raw events."""

    tiles: Natural
    """How many tiles may exist."""
    chunks: Natural
    """How many chunks of raw events may exist."""
    bytes: Natural
    """The size of their records."""
    round_trips: Natural
    """How often the store is asked."""


class Recommendation(Part):
    """What tiles of this size are worth for a window.

    It depends on how many events a tile holds and how many tiles the window has.
    """

    window_ms: Positive
    """The length of the window."""
    size_ms: Positive
    """The size of its edge tiles."""
    tiling: Literal["NO_TILING", "STANDARD_TILING", "HIERARCHICAL_TILING"]
    """What is advised."""
    events_per_tile: Real
    """How many events of an entity a tile stands for."""
    tiles_per_window: Real
    """How many tiles the window has."""


class Cost(Part):
    """Estimates of one fetch and of one entity's tiles.

    As far as entities and requests are known, it also estimates those of all of them.
    """

    typical: Request
    """A request for all features, at most times."""
    worst: Request
    """A request for all features, at the worst time."""
    chunk_bytes: Natural | None
    """The size of a chunk of raw events; null where none are kept."""
    max_tiles_per_request: Natural
    """The budget of tiles: a window that reads more is warned of."""
    max_edge_error: Real
    """The budget of edge errors: an oldest tile that is a larger part of its window is warned of.
    """
    max_bytes_per_request: Natural | None
    """The budget of bytes: a request for all features that may read more is warned of."""
    stored_bytes_per_entity: Natural | None
    """With an event in every tile; null where tiles are kept for ever."""
    stored_bytes: Natural | None = None
    """The same of all entities; null while their number is not known."""
    tiles_per_second: Real | None = None
    """Read by all requests; null while their rate is not known."""
    recommendations: list[Recommendation] = field(default_factory=list)
    """For each window, where it is known how busy entities are."""
