"""What every operation says of itself."""

from __future__ import annotations

from typing import Any, ClassVar

from .declaration import Declaration

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
    """Whether a part of a tile's states stands for that part of its time, as `edge="prorate"` takes
    it; the value is then a DOUBLE.
    """

    @classmethod
    def _title(cls) -> str:
        return f"Operation.{cls.name}"

    @property
    def suffix(self) -> str:
        """The operation's part of a feature's name, such as `sum` or `last10`."""
        return f"{self.name.lower().removesuffix('_k')}{getattr(self, 'k', None) or ''}"

    @property
    def params(self) -> dict[str, Any]:
        """The parameters as the plan holds them."""
        return self.model_dump()

    def kept_states(self) -> States:
        """The states to keep, with parameters that may depend on the operation's own."""
        return self.states

    def result(self, input_type: str, family: str) -> str:
        """The DuckDB type of the value, from the input's type and family."""
        return input_type


class Counting(OperationSpec):
    """An operation that counts, so that an empty window gives 0."""

    counts = True

    def result(self, input_type: str, family: str) -> str:
        """Always a BIGINT."""
        return "BIGINT"


class Real(OperationSpec):
    """An operation that makes a double of any numbers."""

    accepts = NUMBERS

    def result(self, input_type: str, family: str) -> str:
        """Always a DOUBLE."""
        return "DOUBLE"
