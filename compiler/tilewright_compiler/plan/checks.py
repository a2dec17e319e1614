"""Checks of a plan's values against their declared types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Self, Union, get_args, get_origin

#: A function that returns the value to keep, or raises PartError.
Check = Callable[[Any], Any]

#: Sums of some numbers of milliseconds or bytes fit 64 bits.
LARGEST = 1 << 60


class PartError(ValueError):
    """A value is not what belongs at its place."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place: tuple[str, ...] = ()

    def at(self, key: object) -> Self:
        """Note the key or index that the value is at."""
        self.place = (str(key), *self.place)
        return self

    def __str__(self) -> str:
        return f"{'.'.join(self.place)}: {self.reason}"


class Whole(NamedTuple):
    """A whole number that is neither too small nor large."""

    lowest: int

    def __call__(self, value: Any) -> int:
        """Require such a number."""
        if type(value) is not int or not self.lowest <= value <= LARGEST:
            raise PartError(f"is not a whole number from {self.lowest} to {LARGEST}")
        return value


def _real(value: Any) -> float:
    """Require a finite number, not below zero."""
    if type(value) not in (int, float) or not 0 <= value < inf:
        raise PartError("is not a number from 0")
    try:
        return float(value)
    except OverflowError:
        raise PartError("is not a number that a double holds") from None


Positive = Annotated[int, Whole(1)]
Natural = Annotated[int, Whole(0)]
Real = Annotated[float, _real]


def check_of(annotation: Any) -> Check:
    """Make the check of a type.

    It is a plain type, a part, a list, a dictionary by text, a union or a choice of texts.
    """
    arguments = get_args(annotation)
    match get_origin(annotation):
        case None if hasattr(annotation, "model_validate"):
            check: Check = annotation.model_validate
            return check
        case None:
            return _anything if annotation is Any else _PLAIN[annotation]
        case origin if origin is Annotated:
            own: Check = arguments[1]
            return own
        case origin if origin is Literal:
            return partial(_one_of, arguments)
        case origin if origin in (Union, UnionType):
            checks = [check_of(one) for one in arguments if one is not NoneType]
            check = checks[0] if len(checks) == 1 else partial(_first_of, checks)
            return partial(_or_null, check) if NoneType in arguments else check
        case origin if origin is list:
            return partial(_list_of, check_of(arguments[0]))
    return partial(_by_text, check_of(arguments[1]))


def _anything(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise PartError("is not a text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise PartError("is half of a character") from None
    return value


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise PartError("is neither true nor false")
    return value


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise PartError("is not a whole number")
    return value


def _one_of(choices: Sequence[Any], value: Any) -> Any:
    for choice in choices:
        if value == choice and type(value) is type(choice):
            return value
    raise PartError(f"is none of {', '.join(map(repr, choices))}")


def _first_of(checks: Sequence[Check], value: Any) -> Any:
    """Take the first check that a value passes."""
    for check in checks[:-1]:
        try:
            return check(value)
        except PartError:
            continue
    return checks[-1](value)


def _or_null(check: Check, value: Any) -> Any:
    return None if value is None else check(value)


def _list_of(check: Check, values: Any) -> list[Any]:
    if not isinstance(values, list | tuple):
        raise PartError("is not a list")
    items = []
    for index, value in enumerate(values):
        try:
            items.append(check(value))
        except PartError as wrong:
            raise wrong.at(index) from None
    return items


def _by_text(check: Check, values: Any) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise PartError("is not an object")
    by_text = {}
    for key, value in values.items():
        try:
            by_text[_text(key)] = check(value)
        except PartError as wrong:
            raise wrong.at(key) from None
    return by_text


_PLAIN: dict[Any, Check] = {str: _text, bool: _truth, int: _integer}
