"""What every operation states about itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    NamedTuple,
    Self,
    dataclass_transform,
    get_type_hints,
)

from ..errors import CallSite, Problem

if TYPE_CHECKING:
    from ..arguments.operations import Arguments

#: The states that an operation keeps: kinds of the compiler's table of states, with their
#: parameters.
States = tuple[tuple[str, dict[str, int | str]], ...]

#: The most values that an operation lists.
MOST_LISTED = 10_000

NUMBERS = frozenset({"integer", "float", "decimal"})
ORDERED = NUMBERS | {"text", "date", "timestamp"}
ALL = ORDERED | {"boolean"}


class Bounds(NamedTuple):
    """The whole numbers that an argument may be."""

    argument: str
    smallest: int
    largest: int

    def hold(self, value: object) -> bool:
        """Tell whether a value is such a number."""
        return type(value) is int and self.smallest <= value <= self.largest


@dataclass_transform(frozen_default=True)
class OperationSpec:
    """One operation with its parameters.

    Its arguments are the annotated fields. An author's are checked by pydantic, which is
    imported when there are any: a process that fetches only compares operations with its plan.
    """

    name: ClassVar[str]
    states: ClassVar[States] = ()
    accepts: ClassVar[frozenset[str]] = ALL
    bounds: ClassVar[tuple[Bounds, ...]] = ()
    """What the arguments may be that are whole numbers."""
    counts: ClassVar[bool] = False
    """Whether an empty window gives 0 instead of null."""
    prorates: ClassVar[bool] = False
    """Whether a fraction of a tile's states can stand for that fraction of its time.

    With `edge="prorate"` the value is then a DOUBLE.
    """
    positional: ClassVar[tuple[str, ...]] = ()
    """The arguments that may come without their names."""
    problems: ClassVar[tuple[Problem, ...]] = ()
    """The mistakes in its arguments, of which only an author's operation has some."""
    site: ClassVar[CallSite]
    """The author's line that gave it arguments."""

    def __init__(self, *values: Any, **named: Any) -> None:
        if values or named or self.arguments():
            self._take(self._arguments_model()(*values, **named))

    def __call__(self, *values: Any, **named: Any) -> OperationSpec:
        """Refuse parentheses after an operation that is complete."""
        called = self.of_params(self.given)
        arguments = self._arguments_model()(**self.given)
        called._take(arguments.called_again(self.problems))
        return called

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{self.name} is frozen: write another operation")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OperationSpec):
            return NotImplemented
        return (self.name, self.given, self.problems) == (other.name, other.given, other.problems)

    def __hash__(self) -> int:
        return hash((self.name, repr(self.given)))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.given.items())
        return f"{type(self).__name__}({shown})"

    @classmethod
    @cache
    def arguments(cls) -> tuple[str, ...]:
        """Name the arguments, which are the annotated fields."""
        names: list[str] = []
        for base in reversed(cls.__mro__):
            if issubclass(base, OperationSpec) and base is not OperationSpec:
                names += [name for name in base.__annotations__ if not name.startswith("_")]
        return tuple(names)

    @classmethod
    def fits(cls, params: Mapping[str, Any]) -> bool:
        """Tell whether a plan's parameters are the operation's."""
        names = {bounds.argument for bounds in cls.bounds}
        return params.keys() == names and all(
            bounds.hold(params[bounds.argument]) for bounds in cls.bounds
        )

    @classmethod
    def of_params(cls, params: Mapping[str, Any]) -> Self:
        """Make the operation from parameters that fit."""
        made = cls.__new__(cls)
        made.__dict__.update(params)
        return made

    @property
    def suffix(self) -> str:
        """The operation's part of a feature's name: `sum`, `last10`."""
        return f"{self.name.lower().removesuffix('_k')}{getattr(self, 'k', None) or ''}"

    @classmethod
    def argument_types(cls) -> dict[str, Any]:
        """Give the types of the arguments, with their bounds."""
        from annotated_types import Ge, Le

        hints = get_type_hints(cls)
        types = {name: hints[name] for name in cls.arguments()}
        for name, smallest, largest in cls.bounds:
            types[name] = Annotated[types[name], Ge(smallest), Le(largest)]
        return types

    @classmethod
    @cache
    def _arguments_model(cls) -> type[Arguments]:
        from ..arguments.operations import arguments_model  # imports pydantic

        types = cls.argument_types()
        fields = {name: (types[name], getattr(cls, name, ...)) for name in types}
        return arguments_model(cls.name, fields, cls.positional)

    def _take(self, arguments: Arguments) -> None:
        """Take checked arguments, and what is wrong with them."""
        values = {name: getattr(arguments, name) for name in self.arguments()}
        self.__dict__.update(values, problems=arguments.problems, site=arguments.site)

    @property
    def given(self) -> dict[str, Any]:
        """The arguments by name."""
        return {name: getattr(self, name) for name in self.arguments()}

    @property
    def params(self) -> dict[str, Any]:
        """The parameters as the plan holds them."""
        return self.given

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
