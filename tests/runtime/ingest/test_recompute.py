"""Tiles that are computed again take the place of those that were read, or are made once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.plans import AT, MINUTE, aggregations, plan_of
from support.session import SCHEMA, row
from tilewright import Operation
from tilewright_runtime import Fetcher, Writer
from tilewright_runtime.errors import StoreError
from tilewright_runtime.ingest import late_policies
from tilewright_runtime.operate.verify import verify
from tilewright_runtime.stores.backends.memory import MemoryStore
from tilewright_runtime.stores.progress import Progress
from tilewright_runtime.tiles.keys import EVENTS, TILES, Kind, TileKeys

OPERATIONS = [Operation.COUNT, Operation.SUM, Operation.LAST_K(3)]
PLAN = plan_of(SCHEMA, ["k"], aggregations("n", OPERATIONS, ["1h", "12h"]), late="recompute")
FIRST = [row("a", 1, ts=AT - 20 * MINUTE), row("a", 2, ts=AT - 6 * MINUTE), row("b", 9, ts=AT)]
LATE = row("a", 4, ts=AT - 7 * MINUTE)


class ContendedStore(MemoryStore):
    """A store in which something happens each time that tiles, or the log, begin to be read."""

    def __init__(self, kind: Kind = EVENTS) -> None:
        super().__init__()
        self._kind = kind
        self._last: Kind | None = None
        self.meanwhile: list[Callable[[], object]] = []

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """Read records, and let the next thing happen if they are the first of their kind."""
        records = super().get_tiles(keys)
        last, self._last = self._last, keys.kind
        if keys.kind == self._kind != last and self.meanwhile:
            happen, self.meanwhile = self.meanwhile[0], self.meanwhile[1:]
            happen()
            self._last = keys.kind
        return records


def written(kind: Kind = EVENTS) -> ContendedStore:
    """A store with tiles that late events change."""
    store = ContendedStore(kind)
    write(store, FIRST)
    return store


def write(store: ContendedStore, events: list[dict[str, Any]], position: str | None = None) -> None:
    """Write with a writer of its own."""
    with Writer(PLAN, store) as writer:
        writer.write(events, position=position)


def another(store: ContendedStore, event: dict[str, Any]) -> Callable[[], None]:
    """Another writer that writes an event, undisturbed."""

    def happen() -> None:
        waiting, store.meanwhile = store.meanwhile, []
        write(store, [event])
        store.meanwhile = waiting

    return happen


def count_and_sum(store: ContendedStore) -> tuple[int, int]:
    """The count of a key in the last hour, and its sum in the last twelve, from coarser tiles."""
    found = Fetcher(PLAN, store).fetch({"k": "a"}, at=AT + 1).features
    return found["n_count_1h"], found["n_sum_12h"]


@pytest.mark.parametrize("kind", [TILES, EVENTS])
@pytest.mark.parametrize(
    ("minutes", "number"),
    [
        pytest.param(7, 4, id="the same event"),
        pytest.param(8, 16, id="late"),
        pytest.param(0, 16, id="in time"),
    ],
)
def test_no_event_of_two_writers_is_lost(kind: Kind, minutes: int, number: int) -> None:
    """Whatever the other one writes while tiles or the log are read, both count once."""
    store = written(kind)
    store.meanwhile = [another(store, row("a", number, ts=AT - minutes * MINUTE))]
    write(store, [LATE])
    assert not store.meanwhile
    assert count_and_sum(store) == (4, 3 + 4 + number)
    assert Progress.load(PLAN, store.get).events == len(FIRST) + 2
    assert verify(store).is_sound


def test_a_batch_that_never_swaps_is_not_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to do, and writing it again adds it once."""
    monkeypatch.setattr(late_policies, "SWAP_ATTEMPTS", 2)
    store = written()
    store.meanwhile = [another(store, row("a", 1, ts=AT - 7 * MINUTE))] * 2
    with pytest.raises(StoreError, match="so this batch was not added"):
        write(store, [LATE], "late")
    assert count_and_sum(store) == (4, 3 + 2)
    for _ in range(2):
        write(store, [LATE], "late")
    assert count_and_sum(store) == (5, 3 + 2 + 4)
    assert verify(store).is_sound
