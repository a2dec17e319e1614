"""An operation with a kind of state of its own is three files: its declaration, and what each wing
knows of the state.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tilewright_compiler.states.kinds
import tilewright_runtime.states.kinds
from support.events import to_arrow
from support.oracle import chosen
from support.partials import partial_tiles
from support.plans import AT, MINUTE, aggregations, asked, finest_ms, plan_of
from tilewright import Operation
from tilewright.operations.spec import Real
from tilewright_compiler.output import load_targets
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.states import base as compiled_kinds
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.engines.flink.partials import PartialTiles
from tilewright_runtime.states import base as run_kinds
from tilewright_runtime.stores import Store
from tilewright_runtime.tiles.rollup import RollUp

ADDED = Path(__file__).parents[1] / "support" / "new_state"
SCHEMA = {"k": "string", "x": "double", "c": "string"}

Event = dict[str, Any]


class RunnerUp(Real):
    """The second largest value."""

    name = "RUNNER_UP"
    states = (("runner_up", {}),)


@pytest.fixture(autouse=True)
def _added(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The three files: the operation has its name, and a file lies in the folder of states of each
    wing.
    """
    monkeypatch.setattr(Operation, "RUNNER_UP", RunnerUp(), raising=False)
    for package, wing in (
        (tilewright_compiler.states.kinds, "compiler"),
        (tilewright_runtime.states.kinds, "runtime"),
    ):
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(ADDED / wing)])
    _forget()
    yield
    _forget()


def _forget() -> None:
    compiled_kinds.state_type.cache_clear()
    compiled_kinds._files.cache_clear()
    run_kinds._file_with.cache_clear()
    run_kinds._files.cache_clear()


def events(count: int = 60) -> list[Event]:
    """Events of one key over two hours, nulls and repeated values among them."""
    chance = random.Random(7)
    values = [None, 1.0, 1.0, -2.5]
    return [
        {
            "k": "a",
            "x": chance.choice([*values, chance.random() * 10]),
            "c": chance.choice("uvw"),
            "ts": AT - chance.randrange(120 * MINUTE),
        }
        for _ in range(count)
    ]


def second(values: list[float]) -> float | None:
    return sorted(values)[-2] if len(values) > 1 else None


def assert_right(plan: Plan, store: Store, written: list[Event], at: int) -> None:
    """Every feature is what the events of its window say."""
    found = Fetcher(plan, store).fetch({"k": "a"}, at=at).features
    for feature in plan.features:
        question = asked(feature)
        of_all = [value for _, value in chosen(question, written, at, finest_ms(plan))]
        assert len(of_all) > 1
        if feature.bucket is None:
            assert found[feature.name] == second(of_all)
            continue
        for bucket in "uvw":
            values = [
                value
                for _, value in chosen(
                    question, [e for e in written if e["c"] == bucket], at, finest_ms(plan)
                )
            ]
            assert found[feature.name].get(bucket) == second(values)


@pytest.mark.parametrize("at", [AT, AT - 17 * MINUTE])
def test_a_new_kind_is_written_and_fetched(at: int) -> None:
    """Partial tiles in any order, covers of several levels, exact windows and bucket values: all
    have the new state.
    """
    operation = [Operation.RUNNER_UP]  # type: ignore[attr-defined]
    parts = [
        *aggregations("x", operation, ["30m", "90m"]),
        *aggregations("x", operation, ["45m"], edge="exact"),
        *aggregations("x", operation, ["90m"], buckets=["c"]),
    ]
    plan, written, store = plan_of(SCHEMA, ["k"], parts), events(), open_store("memory:")
    with Writer(plan, store) as writer:
        for part in (written[::3], written[1::3], written[2::3]):
            writer.write(to_arrow(part, SCHEMA))
    assert_right(plan, store, written, at)


def test_a_new_kind_comes_from_other_engines() -> None:
    """Every engine has a query for it, and the tiles that are made of what a stream engine hands
    over hold it at every level.
    """
    plan = plan_of(SCHEMA, ["k"], aggregations("x", [Operation.RUNNER_UP], ["30m", "90m"]))  # type: ignore[attr-defined]
    for target in [
        *load_targets(["flink", "spark"]).values(),
        *load_targets(["sql"], "trino").values(),
    ]:
        assert target.unsupported(plan) == []  # type: ignore[attr-defined]
        assert target.files(plan)
    partials, made, store = PartialTiles(plan), events(), open_store("memory:")
    with Writer(plan, store) as writer:
        writer.add_tiles(
            RollUp(plan).levels(partials.finish(partial_tiles(plan, made, partials.schema))),
            "stream",
            0,
        )
    assert_right(plan, store, made, AT)
