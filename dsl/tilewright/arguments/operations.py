"""Checks of the arguments that authors give to operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from annotated_types import Ge, Le, MinLen
from pydantic import AfterValidator, ValidationInfo, create_model
from pydantic_core import PydanticCustomError

from ..declaration import Declaration
from ..errors import Problem

#: Parts of a whole, at least one.
FRACTIONS = Annotated[Sequence[Annotated[float, Ge(0), Le(1)]], MinLen(1)]


class Arguments(Declaration):
    """The arguments of an operation.

    What is wrong with them is a problem of this declaration.
    """

    operation: ClassVar[str]

    @classmethod
    def _title(cls) -> str:
        return f"Operation.{cls.operation}"

    def called_again(self, problems: tuple[Problem, ...]) -> Self:
        """Note that there are parentheses too many, after other problems."""
        spelled = f"{self._title()} takes no more arguments. Write it without parentheses."
        self._problems = (*problems, Problem("bad-operation", spelled))
        return self


def arguments_model(
    operation: str, fields: Mapping[str, tuple[Any, Any]], positional: tuple[str, ...]
) -> type[Arguments]:
    """Make the model of an operation's arguments.

    A field has a type and a default.
    """
    named: dict[str, Any] = dict(fields)
    model = create_model(operation, __base__=Arguments, **named)
    model.operation, model._positional = operation, positional
    return model


def of_its_sketch(sizes: Mapping[str, str]) -> AfterValidator:
    """Make the check that a size is its sketch's."""

    def check(value: int | None, info: ValidationInfo) -> int | None:
        sketch = info.data.get("sketch")
        if value is None or sketch is None or sizes[sketch] == info.field_name:
            return value
        what = f"the sketch {sketch!r} has no {info.field_name}. "
        what += f"Its size is {sizes[sketch]}=…, 200 by default."
        raise PydanticCustomError("tw:bad-value", "{what}", {"what": what})

    return AfterValidator(check)
