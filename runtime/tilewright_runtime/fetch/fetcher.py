"""The fetcher: features of a key at a time, from one read of the tiles that all its windows
need.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tilewright_compiler.plan.model import Plan

from ..errors import KeyValueError
from ..stores import Store
from ..stores.expiry import Expiry
from ..stores.ownership import require_plan
from ..tiles.cover import Segment
from ..tiles.entities import entity_encoder, key_values
from ..tiles.keys import Range, tile_key
from ..times import Moment, moment_ms
from .program import Program, Tiles

if TYPE_CHECKING:
    from .derivations import Derivations


@dataclass(slots=True)
class Answer:
    """The features of some keys at a time (epoch ms); `quality` is empty where nothing is to be
    said against it.
    """

    keys: dict[str, Any]
    at: int
    features: dict[str, Any]
    quality: dict[str, Any] = field(default_factory=dict)


class Fetcher:
    """Fetches the features of one plan from one store; one thread at a time.

    Raises StoreError if the store has no tiles of this plan, or tiles of another one of its name.
    """

    def __init__(self, plan: Plan, store: Store) -> None:
        require_plan(plan, store)
        self.plan = plan
        self.store = store
        self.program = Program(plan)
        self._encode = entity_encoder(plan.keys)
        self._longest = store.max_entity_bytes - len(plan.name)
        self._template = dict.fromkeys(feature.name for feature in plan.features)
        self._derivations = _derivations(plan)
        self._expiry = Expiry(plan, store) if store.expires else None

    def fetch(self, keys: Mapping[str, Any], at: Moment = None) -> Answer:
        """The features of `keys` (a value for each key column) at a time: epoch ms, ISO 8601, a
        datetime, or now.

        Events at or after that time are never in the answer. A key without events has the values of
        empty windows.
        Raises KeyValueError, FetchError, CorruptRecordError.
        """
        answer = self.aggregated(keys, at)
        self.derive([answer])
        return answer

    def fetch_many(
        self,
        requests: Iterable[Mapping[str, Any] | tuple[Mapping[str, Any], Moment]],
        at: Moment = None,
    ) -> list[Answer]:
        """An answer for each request: keys, or keys with a time of their own.

        Raises what `fetch` raises.
        """
        common = moment_ms(at)
        answers = [
            self.aggregated(*one) if isinstance(one, tuple) else self.aggregated(one, common)
            for one in requests
        ]
        self.derive(answers)
        return answers

    # The steps of a fetch, which the explainer and the command walk too.

    def aggregated(self, keys: Mapping[str, Any], at: Moment = None) -> Answer:
        """The answer without derivations. Raises what `fetch` raises."""
        at_ms = moment_ms(at)
        entity = self.entity(keys)
        ranges = self.program.ranges(at_ms)
        tiles = self.read(entity, ranges)
        head_level_ms = self.program.head_level_ms(at_ms, tiles)
        covers = [window.segments(at_ms, head_level_ms) for window in self.program.windows]
        if self.program.events is not None:
            tiles = self.count(entity, ranges, tiles, covers)
        return self.answer(keys, at_ms, self.evaluate(tiles, covers), tiles, head_level_ms)

    def derive(self, answers: Sequence[Answer]) -> None:
        """Adds the plan's derivations to the features of some answers, all of them in one query."""
        if self._derivations is not None:
            for answer, derived in zip(
                answers, self._derivations.of([answer.features for answer in answers]), strict=True
            ):
                answer.features |= derived

    def entity(self, keys: Mapping[str, Any]) -> str:
        """The entity's text. Raises KeyValueError for keys that the plan or the store cannot
        have.
        """
        text = self._encode(key_values(self.plan.keys, keys))
        if len(text) > self._longest:
            raise KeyValueError(
                f"the key has {len(text):,} characters when encoded; store {self.store.url} "
                f"allows {self._longest:,}."
            )
        return text

    def read(self, entity: str, ranges: list[Range]) -> Tiles:
        """Reads and decodes the tiles of some ranges, in one round trip.

        Raises FetchError if the store may have let some go.
        """
        if self._expiry is not None:
            self._expiry.require_kept(ranges, moment_ms(None))
        found = self.store.scan(self.plan.name, entity, ranges)
        return self.program.decode(entity, ranges, found, lambda i: self._name(entity, ranges, i))

    def count(
        self, entity: str, ranges: list[Range], tiles: Tiles, covers: Sequence[Sequence[Segment]]
    ) -> Tiles:
        """The tiles with what the covers take of raw events; the same tiles where the plan keeps
        none.
        """
        return self.program.with_events(
            entity, tiles, covers, lambda i: self._name(entity, ranges, i)
        )

    def evaluate(self, tiles: Tiles, covers: Sequence[Sequence[Segment]]) -> dict[str, Any]:
        """The values of all features, in the plan's order, from a cover for each window."""
        values: dict[str, Any] = self._template.copy()
        for window, merged in zip(
            self.program.windows, self.program.merge(tiles, covers), strict=True
        ):
            for name, finalize in window.features:
                values[name] = finalize(merged)
        return values

    def answer(
        self,
        keys: Mapping[str, Any],
        at_ms: int,
        values: dict[str, Any],
        tiles: Tiles,
        head_level_ms: int | None,
    ) -> Answer:
        """The features with what is to be said of their quality."""
        return Answer(dict(keys), at_ms, values, self.program.quality(at_ms, tiles, head_level_ms))

    def _name(self, entity: str, ranges: list[Range], place: int) -> str:
        """The key of the n-th record that was read; asks the store again, since a damaged record
        cannot tell.
        """
        for wanted in ranges:
            step, start, end, kind, _ = wanted
            records = self._count(entity, wanted)
            if place < records:
                # The first tile with more than `place` records before its end, by halving.
                after = bisect_right(
                    range(start + step, end + step, step),
                    place,
                    key=lambda until: self._count(entity, wanted._replace(end_ms=until)),
                )
                return (
                    f"store {self.store.url}, tile "
                    f"{tile_key(self.plan.name, entity, step, start + after * step, kind)}"
                )
            place -= records
        return f"store {self.store.url}"

    def _count(self, entity: str, wanted: Range) -> int:
        return len(self.store.scan(self.plan.name, entity, [wanted])[0])


def _derivations(plan: Plan) -> Derivations | None:
    if not plan.derivations:
        return None
    from .derivations import Derivations  # imports DuckDB, which no other fetch needs

    return Derivations(plan)
