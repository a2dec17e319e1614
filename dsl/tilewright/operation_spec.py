"""What every operation states about itself."""

from __future__ import annotations

from typing import Any, ClassVar

from .declaration import Declaration, Problem

#: The states that an operation keeps: kinds of the compiler's table of states, with their
#: parameters.
States = tuple[tuple[str, dict[str, int | str]], ...]

NUMBERS = frozenset({"integer", "float", "decimal"})
ORDERED = NUMBERS | {"text", "date", "timestamp"}
ALL = ORDERED | {"boolean"}


class OperationSpec(Declaration):
    """One operation with its parameters."""

    name: ClassVar[str]
    states: ClassVar[States] = ()
    accepts: ClassVar[frozenset[str]] = ALL
    counts: ClassVar[bool] = False
    """Whether an empty window gives 0 instead of null."""
    prorates: ClassVar[bool] = False
    """Whether a fraction of a tile's states can stand for that fraction of its time.

    With `edge="prorate"` the value is then a DOUBLE.
    """

    @classmethod
    def _title(cls) -> str:
        return f"Operation.{cls.name}"

    def __call__(self, *values: Any, **named: Any) -> OperationSpec:
        """Refuse parentheses after an operation that is complete."""
        spelled = f"{self._title()} takes no more arguments. Write it without parentheses."
        called = type(self)(**self.params)
        called._problems = (*self.problems, Problem("bad-operation", spelled))
        return called

    @property
    def suffix(self) -> str:
        """The operation's part of a feature's name: `sum`, `last10`."""
        return f"{self.name.lower().removesuffix('_k')}{getattr(self, 'k', None) or ''}"

    @property
    def params(self) -> dict[str, Any]:
        """The parameters as the plan holds them."""
        return self.model_dump()

    def kept_states(self) -> States:
        """Give the states to keep, for the operation's own parameters."""
        return self.states

    def result(self, input_type: str, family: str) -> str:
        """Give the DuckDB type of the operation's value."""
        return input_type


class Counting(OperationSpec):
    """An operation that counts: an empty window gives 0."""

    counts = True

    def result(self, input_type: str, family: str) -> str:
        """Give BIGINT for every input."""
        return "BIGINT"


class Real(OperationSpec):
    """An operation that gives a double for any numbers."""

    accepts = NUMBERS

    def result(self, input_type: str, family: str) -> str:
        """Give DOUBLE for every input."""
        return "DOUBLE"
