"""One operation over one input column, for some windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from .arguments.durations import CheckedDuration
from .declaration import Declaration
from .operations import Operation
from .operations.spec import OperationSpec

Edge = Literal["sawtooth", "prorate", "truncate", "exact"]
LatePolicy = Literal["delta", "recompute", "approximate"]


def _operation(value: object) -> object:
    if isinstance(value, OperationSpec):
        return value
    if isinstance(value, type) and issubclass(value, OperationSpec):
        if not all(hasattr(value, name) for name in value.arguments()):
            example = "[0.5, 0.99]" if "percentiles" in value.arguments() else "5"
            advice = f"{value.name} needs its argument. Write Operation.{value.name}({example})."
        else:
            advice = f"{value.name} is written with parentheses. Write Operation.{value.name}()."
    elif isinstance(value, str) and hasattr(Operation, value.upper()):
        advice = f"{value!r} is a text. Write Operation.{value.upper()}."
    else:
        advice = f"{value!r} is not an operation. Write one such as Operation.SUM."
    raise PydanticCustomError("tw:bad-operation", "{what}", {"what": advice})


def _windows(value: Sequence[CheckedDuration]) -> Sequence[CheckedDuration]:
    if not value:
        what = (
            "an empty list. Name windows such as ['1h'], or leave windows out for all of the past."
        )
        raise PydanticCustomError("tw:bad-value", "{what}", {"what": what})
    return value


def _buckets(value: Sequence[str]) -> Sequence[str]:
    if not value:
        what = "an empty list. Name columns such as ['country'], or leave buckets out."
        raise PydanticCustomError("tw:bad-value", "{what}", {"what": what})
    return value


class Aggregation(Declaration):
    """One operation over `input_column`, once for each window.

    Without windows it covers all of the past. `name` replaces `{input}_{operation}{k}` in the
    features' names; `default` is the value of an empty window; `edge`, if given, replaces the
    GroupBy's and says how the tile that a window's old end cuts is counted; `late` likewise says
    what becomes of late events.
    """

    input_column: str
    operation: Annotated[OperationSpec, BeforeValidator(_operation)]
    windows: Annotated[Sequence[CheckedDuration], AfterValidator(_windows)] | None = None
    tile_size: CheckedDuration | None = None
    edge: Edge | None = None
    late: LatePolicy | None = None
    buckets: Annotated[Sequence[str], AfterValidator(_buckets)] | None = None
    default: Any = None
    name: str | None = None
