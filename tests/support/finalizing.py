"""One state, and the value of one operation of given merged states, without a store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from support.plans import aggregations, plan_of
from tilewright.operations import OperationSpec
from tilewright_compiler.plan.model import Plan, State
from tilewright_runtime.fetch.finalize import finalizer
from tilewright_runtime.states.base import Placement, StateType, kind_of
from tilewright_runtime.states.values import Merged
from tilewright_runtime.tiles.layout import layout_of


def state_of(
    kind: str,
    type_: str = "BIGINT",
    params: Mapping[str, int | str] | None = None,
    *,
    words: Mapping[str, int] | None = None,
    dtypes: Mapping[str, str] | None = None,
    field: str | None = None,
) -> StateType:
    """A state called `it`, with its numbers at these words and this field of changing length."""
    state = State(id="it", kind=kind, input="x", type=type_, params=dict(params or {}))
    name = None if field is None else f"it.{field}"
    return kind_of(kind)(Placement(state, words or {}, dtypes or {}, name))


def _plan(operation: OperationSpec, type_: str) -> Plan:
    return plan_of({"k": "string", "x": type_}, ["k"], aggregations("x", [operation]))


def value_of(
    operation: OperationSpec,
    type_: str,
    numbers: Mapping[str, Any],
    objects: Mapping[str, Any] | None = None,
) -> Any:
    """The value, from numbers by field, such as `n`, and merged objects by variable field; all
    other words are 0.
    """
    plan = _plan(operation, type_)
    layout = layout_of(plan)
    words: list[Any] = [0] * layout.words
    for name, word in layout.names.items():
        words[word] = numbers.get(name.rpartition(".")[2], 0)
    held = {
        field.name: (objects or {}).get(field.name.rpartition(".")[2]) for field in layout.variable
    }
    return finalizer(plan.features[0], layout)(Merged(words, held))


def functions_of(operation: OperationSpec, type_: str) -> Any:
    """The state of an operation that has the only field of changing length."""
    (state,) = layout_of(_plan(operation, type_)).codecs.values()
    return state
