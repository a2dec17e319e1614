"""Features of an entity: sources, keys and aggregations together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from annotated_types import MinLen
from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from .aggregation import Aggregation, Edge, LatePolicy
from .arguments.durations import CheckedDuration
from .declaration import Declaration
from .source import EventSource
from .windows import duration_ms

#: No amount is larger: more is a slip, and estimates made of it would not be numbers any more.
MOST = 10**12


def _serving_config(value: Mapping[str, Any]) -> Mapping[str, Any]:
    if unknown := [key for key in value if key not in ("tiling_enabled", "tile_size")]:
        what = f"there is no setting {unknown[0]!r}. Known: 'tiling_enabled', 'tile_size'."
    elif not isinstance(value.get("tiling_enabled", True), bool):
        what = f"tiling_enabled is {value['tiling_enabled']!r}. Write True or False."
    else:
        try:
            if "tile_size" in value:
                duration_ms(value["tile_size"])
            return value
        except ValueError as reason:
            what = f"tile_size: {reason}"
    raise PydanticCustomError("tw:bad-value", "{what}", {"what": what})


class EntityFigures(BaseModel):
    """Figures by which tiles are sized and costs estimated.

    `tilewright stats` measures the first two.
    """

    events_per_hour: float = Field(ge=0, le=MOST, allow_inf_nan=False)
    """Of a typical entity."""
    entities: int | None = Field(default=None, ge=0, le=MOST)
    """How many there are."""
    requests_per_second: float | None = Field(default=None, ge=0, le=MOST, allow_inf_nan=False)
    """Fetches of all features, of all entities."""


class EntityStats(EntityFigures, Declaration):
    """How busy the entities of one GroupBy are.

    It takes the place of the configuration's.
    """


class Derivation(Declaration):
    """A value that an expression computes from features."""

    name: str
    expression: str


class GroupBy(Declaration):
    """Aggregations of the events of `sources`, by `keys`.

    `tiling_enabled` and `tile_size` override the configuration; `serving_config={"tiling_enabled":
    True, "tile_size": "1h"}` says the same. `edge` and `late` are the defaults of
    every aggregation: late events are merged into their tiles (`delta`), have them computed again
    from the events (`recompute`), or leave them as they are and flag them (`approximate`). Events
    whose time is further ahead of the clock than `max_ahead` are refused; the configuration's is a
    day. `on_missing` says what a fetch does about tiles that ought to be there, and `max_staleness`
    how old the newest event may be that was written; a request may say otherwise. `entity_stats`
    take the place of the configuration's. `name` replaces the name made of the module and the
    variable.
    """

    sources: Annotated[Sequence[EventSource], MinLen(1)]
    keys: Annotated[Sequence[str], MinLen(1)]
    aggregations: Annotated[Sequence[Aggregation], MinLen(1)]
    online: bool = False
    tiling_enabled: bool | None = None
    tile_size: CheckedDuration | None = None
    edge: Edge = "sawtooth"
    late: LatePolicy = "delta"
    max_ahead: CheckedDuration | None = None
    on_missing: Literal["fail", "degrade", "default"] | None = None
    max_staleness: CheckedDuration | None = None
    serving_config: Annotated[Mapping[str, Any], AfterValidator(_serving_config)] | None = None
    derivations: Sequence[Derivation] = ()
    entity_stats: EntityStats | None = None
    name: str | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = self.serving_config or {}
        for setting, value in (
            ("tiling_enabled", self.tiling_enabled),
            ("tile_size", self.tile_size),
        ):
            if value is not None and said.get(setting, value) != value:
                what = (
                    f"{setting} is {value!r}, and in serving_config {said[setting]!r}. Say it once."
                )
                raise PydanticCustomError("tw:bad-value", "{what}", {"what": what})
        return self
