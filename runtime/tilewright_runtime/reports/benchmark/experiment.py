"""The experiment that shows what tiles are worth.

One entity has events at a steady rate. The same features of one window are fetched from its raw
events, and from tiles of several sizes. Every figure is measured; only prices are given.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select
from tilewright.windows import format_duration
from tilewright_compiler.plan.model import Plan

from ...ingest.writer import Writer
from ...stores import Store, TransactionalStore, open_store
from .measuring import Measured, measure
from .workload import VARIANTS, Variant, Workload, make_events

_OPERATIONS = (Operation.COUNT, Operation.SUM, Operation.AVERAGE, Operation.MAX)
_SCHEMA = {"user": "string", "amount": "double", "ts": "bigint"}

#: The compiler, which this room does not see: a declaration and a name become a plan.
Compile = Callable[[GroupBy, str], Plan]


@dataclass(frozen=True)
class Run:
    """The measurements of one store."""

    store: str
    is_remote: bool
    measured: list[Measured]

    def speed_up(self, one: Measured) -> float:
        """Compare a way's median with that of no tiling."""
        return self.measured[0].p50_ms / one.p50_ms


def run_experiment(
    workload: Workload, url: str | None, compile_group_by: Compile, report: Callable[[str], None]
) -> Run:
    """Write the events in each way, and measure its fetches.

    Without a URL the store is an embedded one that ends with the run. In another one the plans
    have names of their own, which no other run has. Raises StoreError.
    """
    run_name = f"bench_{os.getpid()}_{time.time_ns() // 1_000_000}"
    with (
        TemporaryDirectory() as folder,
        closing(open_store(url or f"lmdb:{folder}/store")) as store,
    ):
        plans = []
        for number, variant in enumerate(VARIANTS):
            plans.append(_plan(workload, variant, f"{run_name}.way_{number}", compile_group_by))
        lead_ms = max(level.size_ms for plan in plans for level in plan.levels)
        is_remote = not isinstance(store, TransactionalStore)
        measured = []
        for number, (variant, plan) in enumerate(zip(VARIANTS, plans, strict=True)):
            report(f"{variant.name}: writing")
            state = f"lmdb:{folder}/state{number}" if is_remote else None
            seconds = _write(plan, store, state, workload, lead_ms)
            report(f"{variant.name}: fetching")
            measured.append(measure(variant, plan, store, workload, seconds))
    return Run(store.url if url else "embedded", is_remote, measured)


def _plan(workload: Workload, variant: Variant, name: str, compile_group_by: Compile) -> Plan:
    source = EventSource(
        table="events.parquet",
        schema=_SCHEMA,
        query=Query(selects=select("user", "amount"), time_column="ts"),
    )
    aggregations = [
        Aggregation(
            input_column="amount",
            operation=operation,
            windows=[format_duration(workload.window_ms)],
            tile_size=variant.tile_size,
        )
        for operation in _OPERATIONS
    ]
    group_by = GroupBy(
        sources=[source],
        keys=["user"],
        online=True,
        tiling_enabled=variant.is_tiled,
        aggregations=aggregations,
    )
    return compile_group_by(group_by, name)


def _write(plan: Plan, store: Store, state: str | None, workload: Workload, lead_ms: int) -> float:
    """Write the window's events, and give the seconds.

    Those of the tile that the window's edge cuts are written too.
    """
    begun = time.perf_counter()
    embedded = open_store(state) if state else None
    with Writer(plan, store, state=embedded) as writer:
        for batch in make_events(workload, lead_ms):
            writer.write(batch)
    if embedded is not None:
        embedded.close()
    return time.perf_counter() - begun
