"""The SQL that a plan carries, each part by name.

Every part is a single SELECT.
"""

from __future__ import annotations

from typing import Literal

from .part import Part

#: What a tile keeps of a value: a whole number, a double or a text.
PhysicalType = Literal["BIGINT", "DOUBLE", "VARCHAR"]


class Script(Part):
    """How an engine turns rows of a source into tiles.

    The runtime registers a batch of rows as `batch` and keeps what `read` gives as `events`; the
    other parts read that.
    """

    read: str
    """The events of a batch: row number, time, keys and inputs, and why one cannot be used."""
    tiles: str | None
    """The tiles of one level, whose size is `$tile_ms`; null where there are no levels."""
    buckets: dict[str, str]
    """By bucket column: what the tiles of one level keep for each of its values."""
    events: str | None
    """The raw events; null where none are kept."""


class PartialColumn(Part):
    """A column of a stream engine's partial tiles."""

    name: str
    """Its name in the job's SQL."""
    type: PhysicalType
    """The type of its values, or of their elements."""
    is_list: bool
    """Whether it holds the list of an input's values, or of their times."""


class Partials(Part):
    """Partial tiles of a stream engine.

    They are what it can add up as numbers, and the values of the rest.
    """

    columns: list[PartialColumn]
    """Keys, `__start`, `__events`, `__newest`, numbers of states, lists of inputs."""
    finish_sql: str
    """The DuckDB SQL that makes rows of tiles of a relation `partials` with these columns and
    `__row`, their number.
    """
