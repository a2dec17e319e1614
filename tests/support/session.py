"""A plan with a store of its own: write, fetch, and see whether anything stored has changed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from support.plans import AT, aggregations, event_source, plan_of
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, WriteReport, open_store
from tilewright_runtime.tiles.entities import entity_encoder
from tilewright_runtime.tiles.keys import EVENTS, Range

SCHEMA = {"k": "string", "n": "bigint", "t": "string"}


@cache
def simple_plan() -> Plan:
    """Key `k`; count, sum and largest of `n` and the last text of `t`, over an hour."""
    numbers = aggregations("n", [Operation.COUNT, Operation.SUM, Operation.MAX])
    return plan_of(SCHEMA, ["k"], [*numbers, *aggregations("t", [Operation.COUNT, Operation.LAST])])


def files_plan(**source: Any) -> Plan:
    """The simple plan, whose source says more of its files."""
    numbers = aggregations("n", [Operation.COUNT, Operation.SUM, Operation.MAX])
    texts = aggregations("t", [Operation.COUNT, Operation.LAST])
    made = event_source(SCHEMA).model_copy(update=source)
    return plan_of(SCHEMA, ["k"], [*numbers, *texts], sources=[made])


def row(
    k: str | None, n: int | None, t: str | None = "x", ts: int | None = AT - 1
) -> dict[str, Any]:
    """An event of the simple plan, just before the query time."""
    return {"k": k, "n": n, "t": t, "ts": ts}


class Session:
    """A store, in memory unless a URL is given, and what a test asks of it; `state` is the URL of
    the state beside it; `writing` are the options of its writers.
    """

    def __init__(
        self, plan: Plan | None = None, url: str = "memory:", state: str = "", **writing: Any
    ) -> None:
        self.writing = writing
        self.plan = plan or simple_plan()
        self.store = open_store(url)
        self.state = open_store(state) if state else None

    def write(self, events: Any, **options: Any) -> WriteReport:
        """Writes with a writer of its own, as a new process would."""
        with Writer(self.plan, self.store, state=self.state, **self.writing) as writer:
            return writer.write(str(events) if isinstance(events, Path) else events, **options)

    def close(self) -> None:
        """Closes its stores, as the end of a process would."""
        self.store.close()
        if self.state is not None:
            self.state.close()

    def features(self, at: int = AT, **keys: Any) -> dict[str, Any]:
        """The features of a key."""
        return Fetcher(self.plan, self.store).fetch(keys, at=at).features

    def sums(self, *keys: str) -> list[int | None]:
        """The sum of `n` for each key."""
        return [self.features(k=key)["n_sum_1h"] for key in keys]

    def contents(self, *keys: Mapping[str, Any]) -> list[Any]:
        """All records of some keys and the progress: equal before and after what must change
        nothing.
        """
        encode = entity_encoder(self.plan.keys)
        spans = [
            Range(level.size_ms, 0, 2 * AT // level.size_ms * level.size_ms)
            for level in self.plan.levels
        ]
        spans += [Range(self.plan.events.size_ms, 0, 2 * AT, EVENTS)] if self.plan.events else []
        records = [
            self.store.scan(self.plan.name, encode([key[c.name] for c in self.plan.keys]), spans)
            for key in keys
        ]
        return [records, self.store.get(f"progress/{self.plan.name}")]
