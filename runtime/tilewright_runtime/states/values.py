"""What the value of a feature is made of: its merged states, and how what a tile keeps of a value
becomes the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tilewright_compiler.plan.model import Feature, State
from tilewright_compiler.plan.types import decimal_scale, family

#: Merged numbers by word of the record (None where a first or last value is missing), merged
#: objects by variable field.
Finalizer = Callable[[Sequence[Any], Mapping[str, Any]], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1)


@dataclass(frozen=True)
class FinalizerContext:
    """A feature, the states that it is computed from, and where their numbers stand."""

    feature: Feature
    states: Sequence[State]
    words: Mapping[str, int]
    """The word of each field of the fixed block, by `{state}.{field}`."""

    def word(self, state: int, field: str) -> int:
        """The word of a field of the feature's n-th state."""
        return self.words[f"{self.states[state].id}.{field}"]

    def name(self, state: int, field: str) -> str:
        """The variable field of the feature's n-th state."""
        return f"{self.states[state].id}.{field}"

    @property
    def type(self) -> str:
        """The DuckDB type of the input."""
        return self.states[0].type


def to_python(duckdb_type: str) -> Callable[[Any], Any]:
    """The function from what a tile keeps of a value to the value."""
    match family(duckdb_type):
        case "text":
            return lambda value: value.decode() if isinstance(value, bytes) else value
        case "boolean":
            return bool
        case "date":
            return lambda days: _EPOCH_DAY + timedelta(days=days)
        case "timestamp":
            return lambda micros: _EPOCH + timedelta(microseconds=micros)
        case "decimal":
            scale = decimal_scale(duckdb_type)
            return lambda unscaled: Decimal(unscaled).scaleb(-scale)
        case _:
            return lambda value: value


def optional(name: str, of: Callable[[Any], Any]) -> Finalizer:
    """The value that is made of the object of a variable field; null where there is none."""
    return lambda _, objects: None if objects[name] is None else of(objects[name])


def has_count(
    inputs: FinalizerContext, state: int
) -> Callable[[Sequence[Any], Mapping[str, Any]], bool]:
    """Whether a state is of any value, told by its number of values, the field `n`."""
    n = inputs.word(state, "n")
    return lambda numbers, _: numbers[n] > 0
