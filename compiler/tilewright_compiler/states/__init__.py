"""What states keep in a tile, and their SQL."""

from __future__ import annotations

from .base import (
    TIME,
    Field,
    PartialField,
    StateType,
    fields_of,
    kind_of,
    lay_out,
    state_type,
    state_types,
    tile_columns,
)

__all__ = [
    "TIME",
    "Field",
    "PartialField",
    "StateType",
    "fields_of",
    "kind_of",
    "lay_out",
    "state_type",
    "state_types",
    "tile_columns",
]
