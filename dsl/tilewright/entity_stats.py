"""How busy the entities of a GroupBy are."""

from __future__ import annotations

from pydantic import BaseModel, Field

from .declaration import Declaration

#: No amount is larger: more is a slip, and estimates made of it would not be numbers any more.
MOST = 10**12


class EntityFigures(BaseModel):
    """Figures from which tile sizes are chosen and costs are estimated.

    `tilewright stats` measures the first two.
    """

    events_per_hour: float = Field(ge=0, le=MOST, allow_inf_nan=False)
    """Of a typical entity."""
    entities: int | None = Field(default=None, ge=0, le=MOST)
    """How many there are."""
    requests_per_second: float | None = Field(default=None, ge=0, le=MOST, allow_inf_nan=False)
    """Fetches of all features, of all entities."""


class EntityStats(EntityFigures, Declaration):
    """How busy the entities of one GroupBy are, in place of the configuration's."""
