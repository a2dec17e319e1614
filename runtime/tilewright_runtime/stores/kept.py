"""How long, and since when, a store keeps each level."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

from tilewright.windows import DAY_MS
from tilewright_compiler.plan.model import Plan

from ..plans.frozen import Frozen
from ..tiles.keys import EVENTS, TILES, Kind, level_name

#: From when on records were put with a time to live, None for ever.
Span = tuple[int, int | None]

#: What a store says whose times to live are not known: nothing is kept of what was put.
_UNKNOWN: Span = (0, 0)


def ttls_ms(plan: Plan) -> dict[tuple[Kind, int], int | None]:
    """List how long a plan keeps each kind and size.

    None is for ever.
    """
    ttls: dict[tuple[Kind, int], int | None] = {
        (TILES, level.size_ms): level.ttl_ms for level in plan.levels
    }
    if plan.events is not None:
        ttls[EVENTS, plan.events.size_ms] = plan.events.ttl_ms
    return ttls


def merging_ttls_ms(plan: Plan) -> dict[tuple[Kind, int], int | None]:
    """List the same where a stream merges levels.

    Tiles are kept as long as the plan says, and until no tile that is merged from them changes any
    more. A coarser tile that was merged after a part of it had expired would have fewer events than
    the stored one, and lose. A day more is for a source that stands still.
    """
    changing_ms = plan.late.allowed_lateness_ms + plan.late.out_of_orderness_ms + DAY_MS
    ttls = ttls_ms(plan)
    coarser_ms = 0
    for level in plan.levels:
        if level.ttl_ms is not None and coarser_ms:
            ttls[TILES, level.size_ms] = max(level.ttl_ms, coarser_ms + changing_ms)
        coarser_ms = level.size_ms
    return ttls


def ttls_by_name(ttls: Mapping[tuple[Kind, int], int | None]) -> dict[str, int | None]:
    """Give the same by the names of the levels."""
    return {level_name(*level): ttl_ms for level, ttl_ms in ttls.items()}


class Kept(Frozen):
    """The spans in which the records of levels were put.

    There are two for each level at most, oldest first: how they are put now, and how at worst
    before. Nothing was put before the first.
    """

    levels: Mapping[str, tuple[Span, ...]]
    gone_ms: Mapping[str, int] = MappingProxyType({})
    """The start before which a level's records were swept where they came from."""

    @classmethod
    def since(
        cls, now_ms: int, ttls: Mapping[str, int | None], gone_ms: Mapping[str, int] | None = None
    ) -> Self:
        """Begin with a store that holds nothing."""
        return cls({level: ((now_ms, ttl_ms),) for level, ttl_ms in ttls.items()}, gone_ms or {})

    def after(self, now_ms: int, ttls: Mapping[str, int | None]) -> Kept:
        """Go on with other times to live from now on."""
        levels = dict(self.levels)
        for level, ttl_ms in ttls.items():
            spans = self.levels.get(level, (_UNKNOWN,))
            if spans[-1][1] != ttl_ms:
                levels[level] = (_worst(spans), (now_ms, ttl_ms))
        return self.copied(levels=levels)

    @property
    def is_widened(self) -> bool:
        """Whether the past was kept for less long than now.

        Then records may be gone that would be there, had they been put as they are now.
        """
        return any(
            _lasts_longer(spans[-1][1], ttl_ms)
            for spans in self.levels.values()
            for _, ttl_ms in spans
        )

    def whole_from_ms(self, level: str, now_ms: int, wanted_ms: int | None = 0) -> int | None:
        """Find the start from which on all records are there.

        None if it is the first one. `wanted_ms` is how long whoever asks would keep them, if that
        matters. A record is put at its start or later where events are written as they happen, and
        no earlier than the first span in a history that is loaded. So it is there until the time to
        live has passed since the later of the two, if it was put in that span:

        #  spans        |---- ttl 2 h ----|------- ttl 4 h ------- now
        #  surely there                      |======================
        #                            now - 4 h

        What was put to be kept for a shorter time than is wanted is not trusted to be there longer,
        however young the store is.
        """
        whole_ms: int | None = self.gone_ms.get(level)
        spans = self.levels.get(level, (_UNKNOWN,))
        ends_ms = [*(since_ms for since_ms, _ in spans[1:]), now_ms]
        for (since_ms, ttl_ms), end_ms in zip(spans, ends_ms, strict=True):
            if ttl_ms is None:
                continue
            if since_ms + ttl_ms < now_ms or _lasts_longer(wanted_ms, ttl_ms):
                from_ms = min(now_ms - ttl_ms, end_ms)
                whole_ms = from_ms if whole_ms is None else max(whole_ms, from_ms)
        return whole_ms

    def ever_from_ms(self, level: str, now_ms: int) -> int | None:
        """Find since when records are kept for ever.

        None if it is from the first put on. Before that time, nothing names the first record of an
        entity.
        """
        spans = self.levels.get(level, (_UNKNOWN,))
        since_ms, ttl_ms = spans[-1]
        if ttl_ms is not None:
            return now_ms
        return None if len(spans) == 1 else since_ms

    def to_json(self) -> Any:
        """Give the spans as `from_json` reads them."""
        return {level: list(map(list, spans)) for level, spans in self.levels.items()}

    @classmethod
    def from_json(cls, document: Any, gone_ms: Any = None) -> Self:
        """Read what a store says.

        Raises ValueError if it is damaged.
        """
        if not isinstance(document, dict) or not isinstance(gone_ms or {}, dict):
            raise ValueError("times to live are no object")
        if not all(type(start_ms) is int for start_ms in (gone_ms or {}).values()):
            raise ValueError("the time of a sweep is no number of milliseconds")
        return cls({level: _spans(spans) for level, spans in document.items()}, gone_ms or {})


def _worst(spans: tuple[Span, ...]) -> Span:
    """Join spans: the earliest start, the shortest time to live."""
    finite = [ttl_ms for _, ttl_ms in spans if ttl_ms is not None]
    return spans[0][0], min(finite, default=None)


def _lasts_longer(ttl_ms: int | None, other_ms: int | None) -> bool:
    return other_ms is not None and (ttl_ms is None or ttl_ms > other_ms)


def _spans(document: Any) -> tuple[Span, ...]:
    if not isinstance(document, list) or not 1 <= len(document) <= 2:
        raise ValueError("a level's times to live are not one or two")
    return tuple(_span(span) for span in document)


def _span(document: Any) -> Span:
    if not isinstance(document, list) or len(document) != 2:
        raise ValueError("a time to live is no pair")
    since_ms, ttl_ms = document
    if type(since_ms) is not int or not (ttl_ms is None or type(ttl_ms) is int):
        raise ValueError("a time to live is no number of milliseconds")
    return since_ms, ttl_ms
