"""The simulator: whatever fails and when, answers are those of an undisturbed run."""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from hypothesis.stateful import run_state_machine_as_test as run

from support.oracle import disagreement
from support.plans import AT, DAY, MINUTE, aggregations, asked, finest_ms, plan_of
from support.simulator import FaultyStore, Model, Point
from tilewright import EventSource, Operation, Query
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer
from tilewright_runtime.errors import StoreError
from tilewright_runtime.readers.batch import Position
from tilewright_runtime.stores.progress import Progress

#: How many errors of the store there are at least; `make simulate` asks for 10,000.
FAULTS = int(os.environ.get("TILEWRIGHT_SIMULATE", "300"))
SCHEMA = {"k": "string", "n": "bigint", "id": "string", "ts": "bigint"}
KEYS = ["a", "b"]
OPERATIONS = [
    Operation.COUNT,
    Operation.SUM,
    Operation.MIN,
    Operation.MAX,
    Operation.VARIANCE,
    Operation.FIRST,
    Operation.LAST_K(2),
    Operation.LARGEST_K(2),
    Operation.UNIQUE_COUNT,
    Operation.HISTOGRAM(),
    Operation.TOP_K(2),
    Operation.APPROX_UNIQUE_COUNT,
    Operation.APPROX_PERCENTILE([0.0, 0.5, 1.0]),
]


#: An event by its key, number, and minutes after the newest one.
Arrival = tuple[str, int, int]
#: Some of them: around the newest one, late, or of the far future.
ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from(KEYS),
        st.integers(-3, 3),
        st.one_of(st.integers(-3, 20), st.integers(-40, 0), st.just(3 * 24 * 60)),
    ),
    min_size=1,
    max_size=4,
)
#: Where the store fails, and after how many operations of it.
FAILURES = st.tuples(st.sampled_from(["before", "within", "after"]), st.integers(0, 25))
#: A few of both, of each kind.
POINTS: list[tuple[Point, int]] = [("before", 0), ("within", 0), ("within", 9), ("after", 0)]
EVENTS = [("a", 2, 63), ("b", 3, -6), ("a", 1, -38), ("b", 0, 3 * 24 * 60), ("a", 1, -2)]


@cache
def plan(late: str) -> Plan:
    """All kinds of states, over windows of two levels."""
    source = EventSource(name="events", schema=SCHEMA, query=Query(time_column="ts"), event_id="id")
    made = aggregations("n", OPERATIONS, ["1h", "12h"])
    return plan_of(SCHEMA, ["k"], made, sources=[source], late=late)


class World(RuleBasedStateMachine):
    """A log that grows, a writer that dies, and a store that fails."""

    #: What befell the writers of all examples, by kind.
    faults: ClassVar[Counter[str]] = Counter()
    late = "delta"

    def __init__(self) -> None:
        super().__init__()
        self.store = FaultyStore()
        self.log: list[dict[str, Any]] = []
        self.clock_ms = self.newest_ms = AT
        self.written = 0
        self.writer: Writer | None = None

    @initialize(is_stream=st.booleans())
    def begin(self, is_stream: bool) -> None:
        self.plan = plan(self.late)
        self.is_stream = is_stream
        self.model = Model(self.plan, is_stream)

    @rule(drawn=ARRIVALS)
    def arrive(self, drawn: list[Arrival]) -> None:
        """Events arrive around the newest one, some much later, some of the far future."""
        for key, number, minutes in drawn:
            ts = self.newest_ms + minutes * MINUTE
            if minutes < DAY // MINUTE:
                self.newest_ms = max(self.newest_ms, ts)
                self.faults["events out of order"] += minutes < 0
            else:
                self.faults["events of the future"] += 1
            self.log.append({"k": key, "n": number, "id": str(len(self.log)), "ts": ts})

    @rule(back=st.integers(1, 8))
    def arrive_again(self, back: int) -> None:
        """An event arrives that was sent before."""
        if len(self.log) >= back:
            self.log.append(self.log[-back])
            self.faults["events sent twice"] += 1

    @rule(hours=st.sampled_from([-100, -1, 1, 30]))
    def jump(self, hours: int) -> None:
        """The clock jumps."""
        self.clock_ms += hours * 60 * MINUTE
        self.faults["jumps of the clock"] += 1

    @rule()
    def restart(self) -> None:
        """A new writer takes the place of the old one."""
        self.faults["restarts"] += self.writer is not None
        self._stop()

    @rule(drawn=st.lists(st.tuples(FAILURES, ARRIVALS), min_size=1, max_size=6))
    def fail(self, drawn: list[tuple[tuple[Point, int], list[Arrival]]]) -> None:
        """The store fails in some writes, one after the other; each time a new writer goes on."""
        for (point, countdown), arrivals in drawn:
            self.arrive(arrivals)
            self.store.fail(point, countdown if point == "within" else countdown % 3)
            if not self._attempt():
                self._stop()
        self.store.heal()

    @rule()
    def write(self) -> None:
        """All that has arrived is written, as often as it takes; then answers are compared."""
        while not self._attempt():
            self._stop()
        self._compare()

    def _stop(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.writer = None

    def _attempt(self) -> bool:
        """Write once, and let the model take what was committed."""
        is_done = True
        try:
            if self.writer is None:
                self.writer = Writer(
                    self.plan, self.store, stream=self.is_stream, clock=lambda: self.clock_ms
                )
            if self.log:
                self.writer.write(self.log, position="log")
        except StoreError as error:
            assert str(error) == "the store is away"
            is_done = False
        written = self._position()
        self.model.take(self.log[self.written : written], self.clock_ms)
        self.written = written
        progress = Progress.load(self.plan, self.store.get)
        if not self.is_stream and progress.watermark_ms not in (None, self.model.watermark_ms):
            self.model.end_history()
            assert progress.watermark_ms == self.model.watermark_ms
        assert progress.events == len(self.model.counted)
        return is_done

    def _position(self) -> int:
        for name, document in self.store._documents.items():
            if name.startswith("position/"):
                return Position.from_bytes(document).rows
        return 0

    def _compare(self) -> None:
        """Compare every answer with the oracle."""
        if not self.model.counted:
            return
        fetcher = Fetcher(self.plan, self.store)
        for key in KEYS:
            events = [event for event in self.model.counted if event["k"] == key]
            for at in (self.newest_ms + 1, self.newest_ms - 20 * MINUTE):
                answer = fetcher.fetch({"k": key}, at=at)
                for feature in self.plan.features:
                    got = answer.features[feature.name]
                    wrong = disagreement(asked(feature), got, events, at, finest_ms(self.plan))
                    assert wrong is None, f"{feature.name} of {key} at {at}: {wrong}"
                self.faults["answers compared"] += len(self.plan.features)

    def teardown(self) -> None:
        self.faults.update(self.store.failures)
        self._stop()


def world_of(late: str) -> type[World]:
    """Make a world with a policy for late events, whose faults are counted apart."""
    return type("Simulated", (World,), {"late": late, "faults": Counter()})


@pytest.mark.parametrize(
    ("late", "is_stream"),
    [("delta", False), ("delta", True), ("recompute", True), ("approximate", True)],
)
def test_each_fault_changes_no_answer(late: str, is_stream: bool) -> None:
    """An error at each point of a write, among events of all kinds and jumps of the clock."""
    world = world_of(late)()
    world.begin(is_stream)
    for point, countdown in POINTS:
        world.fail([((point, countdown), EVENTS)])
        world.arrive_again(3)
        world.jump(-1)
        world.write()
        world.restart()
    world.write()
    assert world.store.failures.total() == len(POINTS)
    world.teardown()


@pytest.mark.nightly
@pytest.mark.parametrize("late", ["delta", "recompute", "approximate"])
def test_faults_change_no_answer(late: str) -> None:
    """Disorder, duplicates, restarts, errors of the store and jumps of the clock do not matter."""
    world = world_of(late)
    chosen = settings(
        max_examples=10,
        stateful_step_count=50,
        derandomize=False,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    while _errors(world.faults) < FAULTS / 3:
        run(world, settings=chosen)
    print(f"\n{late}: {_errors(world.faults):,} errors of the store")
    for kind, count in sorted(world.faults.items()):
        print(f"  {count:,} {kind}")


def _errors(faults: Counter[str]) -> int:
    """Count the errors of the store, each of which ended a writer."""
    return sum(count for kind, count in faults.items() if kind.endswith("a transaction"))
