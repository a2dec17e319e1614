"""The kinds of states: one file for each family of them, found by itself; and what the compiler's other files ask of them."""

from __future__ import annotations

from ..state_kinds import TIME, Field, HandedField, StateKind, fields_of, kinds, lay_out, tile_columns
from ..stored import LIMB, decimal_scale, element, family, stored

__all__ = [
    "LIMB",
    "TIME",
    "Field",
    "HandedField",
    "StateKind",
    "decimal_scale",
    "element",
    "family",
    "fields_of",
    "kinds",
    "lay_out",
    "stored",
    "tile_columns",
]
