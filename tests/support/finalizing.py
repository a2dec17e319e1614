"""The value of one operation of given merged states, without a store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from support.plans import aggregations, plan_of
from tilewright.operations import OperationSpec
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.fetch.finalize import finalizer
from tilewright_runtime.tiles.layout import layout_of, variable_kinds


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
    layout, states = layout_of(plan), {state.id: state for state in plan.states}
    words: list[Any] = [0] * layout.words
    for name, word in layout.names.items():
        words[word] = numbers.get(name.rpartition(".")[2], 0)
    held = {
        field.name: (objects or {}).get(field.name.rpartition(".")[2]) for field in layout.variable
    }
    return finalizer(plan.features[0], states, layout)(words, held)


def functions_of(operation: OperationSpec, type_: str) -> Any:
    """The functions of the only field of changing length of an operation's states."""
    plan = _plan(operation, type_)
    (functions,) = variable_kinds(plan, layout_of(plan)).values()
    return functions
