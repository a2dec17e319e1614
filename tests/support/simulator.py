"""A simulated world for the writer: faults at every point, and what has to come of it.

The events of a log arrive with disorder, duplicates and times ahead of a clock that jumps. The
store fails before, within or after a transaction, and a new writer goes on each time. `Model` says
from the rules alone which events count; the oracle says what they answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

from support.plans import DAY, MINUTE
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.errors import StoreError
from tilewright_runtime.stores import Transaction
from tilewright_runtime.stores.backends.memory import MemoryStore, MemoryTransaction
from tilewright_runtime.tiles.keys import TileKeys

T = TypeVar("T")
Event = dict[str, Any]
Point = Literal["before", "within", "after"]

FIVE = 5 * MINUTE
ALLOWED_MS = 5 * MINUTE
AHEAD_MS = DAY


class FaultyStore(MemoryStore):
    """A store in memory that fails when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self._point: Point | None = None
        self._countdown = 0
        #: How often it failed, by where.
        self.failures: Counter[str] = Counter()

    def fail(self, point: Point, countdown: int) -> None:
        """Fail before, within or after one of the next transactions.

        Within a transaction, `countdown` operations of it pass before; else as many transactions.
        """
        self._point, self._countdown = point, countdown

    def heal(self) -> None:
        """Fail no more."""
        self._point = None

    def transact(self, work: Callable[[MemoryTransaction], T]) -> T:
        """Run `work` in one atomic change, or fail."""
        if self._point == "before":
            self.count_down()

        def failing(transaction: MemoryTransaction) -> T:
            return work(cast(MemoryTransaction, _FailingTransaction(self, transaction)))

        result = super().transact(failing if self._point == "within" else work)
        if self._point == "after":
            self.count_down()
        return result

    def count_down(self) -> None:
        """Fail if it is time."""
        if self._countdown:
            self._countdown -= 1
            return
        self.failures[f"{self._point} a transaction"] += 1
        self._point = None
        raise StoreError("the store is away")


class _FailingTransaction:
    """A transaction that ends before one of its operations."""

    def __init__(self, store: FaultyStore, inner: Transaction) -> None:
        self._store = store
        self._inner = inner

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        self._store.count_down()
        return self._inner.get_tiles(keys)

    def put_tiles(self, keys: TileKeys, records: Any) -> None:
        self._store.count_down()
        self._inner.put_tiles(keys, records)

    def delete_entity(self, table: str, entity: str) -> Any:
        self._store.count_down()
        return self._inner.delete_entity(table, entity)

    def get(self, name: str) -> bytes | None:
        self._store.count_down()
        return self._inner.get(name)

    def put(self, name: str, value: bytes) -> None:
        self._store.count_down()
        self._inner.put(name, value)


@dataclass
class Model:
    """Which events count, decided one after the other."""

    plan: Plan
    is_stream: bool
    watermark_ms: int = -(2**62)
    counted: list[Event] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    duplicates: int = 0

    def take(self, events: list[Event], clock_ms: int) -> None:
        """Take a batch of events that was committed."""
        for event in events:
            self._take(event, clock_ms)

    def end_history(self) -> None:
        """Move the watermark to the newest event, once history is written."""
        if not self.is_stream and self.counted:
            newest_ms = max(event["ts"] for event in self.counted)
            self.watermark_ms = max(self.watermark_ms, newest_ms)

    def _take(self, event: Event, clock_ms: int) -> None:
        if event["ts"] > clock_ms + AHEAD_MS:
            return
        if event["id"] in self.ids:
            self.duplicates += 1
            return
        end_ms = event["ts"] // FIVE * FIVE + FIVE - 1
        is_late = end_ms <= self.watermark_ms
        if self.is_stream and end_ms + ALLOWED_MS <= self.watermark_ms:
            return
        if self.is_stream:
            self.watermark_ms = max(self.watermark_ms, event["ts"])
        self.ids.add(event["id"])
        if is_late and self.plan.late.policy == "approximate":
            event = {**event, "n": None}
        self.counted.append(event)
