"""How keys and records of tiles are laid out."""

from __future__ import annotations

from typing import Literal

from .part import Part, field

Dtype = Literal["i64", "f64"]


class KeyLayout(Part):
    """How the key of a tile is written.

    The code for it is tilewright_runtime.tiles.keys.
    """

    text: str
    """The form for stores of text keys."""
    ordered: str
    """The form for stores that keep order, in words."""
    entity: str
    """How the values of the key columns become one text, in words."""
    tile_ids: dict[str, str]
    """How a tile's start is written, by the unit that its size is a multiple of."""


class FixedColumn(Part):
    """A number of a state, in the fixed block.

    It has eight bytes.
    """

    state: str
    """The id of the state."""
    field: str
    """Which number of the state."""
    dtype: Dtype
    """How the eight bytes are read, little-endian."""
    merge: str
    """How two tiles' numbers become one: `add`, `min` or `max`, or a merge of the whole state, such
    as `first` or `moments`.
    """


class VariableField(Part):
    """A state's bytes of changing length.

    They come after the fixed block and hold a sketch or a text.
    """

    state: str
    """The id of the state."""
    field: str
    """Which part of the state."""


class BucketLayout(Part):
    """What a record keeps for each value of a bucket.

    It is a small record in the same order, without a header.
    """

    column: str
    """The bucket column."""
    type: str
    """Its DuckDB type."""
    columns: list[FixedColumn]
    """The fixed block of each small record, in order."""
    variable: list[VariableField]
    """What follows it, in order."""


class TileLayout(Part):
    """What a record holds after its header, in order.

    `buckets` are fields of changing length after `variable`.
    """

    record_version: Literal[1]
    """The version of the record's format."""
    columns: list[FixedColumn]
    """The fixed block, in order."""
    variable: list[VariableField]
    """What follows it, in order."""
    buckets: list[BucketLayout] = field(default_factory=list)
    """What follows them: for each bucket column a table of its values, as one field of changing
    length.
    """
    compression: Literal["none", "snappy"]
    """Of the variable fields, where it saves bytes."""
