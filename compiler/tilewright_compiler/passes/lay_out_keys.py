"""Pass: describe how the key of a tile is written."""

from __future__ import annotations

from tilewright.windows import DAY_MS, HOUR_MS, MINUTE_MS, format_duration

from ..draft import Draft
from ..plan.layout import KeyLayout
from ..plan.model import EVENTS_NAME, EventLog

#: The first unit that divides a tile's size gives the form of its start.
_TILE_IDS = (
    (DAY_MS, "%Y%m%d"),
    (HOUR_MS, "%Y%m%d%H"),
    (MINUTE_MS, "%Y%m%d%H%M"),
    (1_000, "%Y%m%d%H%M%S"),
)

_ENTITY = (
    "the key columns in order, joined by ','; each is <tag>=<value>, percent-encoded as UTF-8 "
    "except for A-Z a-z 0-9 - . _ ~; "
    "tags: s string, i integer, f double, b boolean, d date, t timestamp, n decimal"
)
_ORDERED = (
    "group_by, byte 0, entity, byte 0, size_ms as 8 bytes big endian, start_ms + 2**63 as 8 "
    "bytes big endian"
)


def lay_out_keys(draft: Draft, events: EventLog | None) -> KeyLayout:
    """Describe the keys of this GroupBy's tiles.

    The runtime's module `keys` writes and reads them.
    """
    tile_ids = {
        format_duration(level.size_ms): tile_id_format(level.size_ms) for level in draft.levels
    }
    if events is not None:
        tile_ids[EVENTS_NAME] = tile_id_format(events.size_ms)
    return KeyLayout(
        text=(
            f"tiles::{draft.name}::{{{{entity}}}}::{{size}}::{{tile_id}}, the entity in literal "
            "braces, tile_id the tile's start in UTC"
        ),
        ordered=_ORDERED,
        entity=_ENTITY,
        tile_ids=tile_ids,
    )


def tile_id_format(size_ms: int) -> str:
    """Give the strftime format of a tile's start.

    >>> tile_id_format(900_000)
    '%Y%m%d%H%M'
    """
    return next(form for unit_ms, form in _TILE_IDS if size_ms % unit_ms == 0)
