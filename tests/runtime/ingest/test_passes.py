"""One pass over inputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from support.session import row, simple_plan
from tilewright_runtime import Writer, WriteReport
from tilewright_runtime.ingest.aggregation import Aggregator
from tilewright_runtime.ingest.passes import Taker, write_pass
from tilewright_runtime.readers import inputs_of
from tilewright_runtime.stores.backends.memory import MemoryStore, MemoryTransaction

T = TypeVar("T")


def test_a_report_says_what_is_done_of_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks at it meanwhile sees the stages of each batch, and where it leads to."""
    report = WriteReport()
    said: list[tuple[str, float]] = []
    load = Aggregator.load

    def note() -> None:
        said.append((report.stage.name, report.reaching))

    def noted_load(aggregator: Aggregator, *given: Any) -> Any:
        note()
        return load(aggregator, *given)

    class Noted(MemoryStore):
        def transact(self, change: Callable[[MemoryTransaction], T]) -> T:
            note()
            return super().transact(change)

    monkeypatch.setattr(Aggregator, "load", noted_load)
    plan = simple_plan()
    events = tmp_path / "clicks.jsonl"
    events.write_text(json.dumps(row("a", 1)) + "\n")
    with Writer(plan, Noted()) as writer:
        said.clear()
        taker = Taker(writer, plan.sources[0], report)
        write_pass([taker], inputs_of(events), lambda *_: note())
    assert said[:4] == [
        ("reading", 0.0),
        ("aggregating", 1.0),
        ("merging", 1.0),
        ("reading", 1.0),
    ]
