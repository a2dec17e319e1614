"""What every declaration has in common: where it was written, and what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError
from pydantic_core import ErrorDetails

from .suggestions import nearest_name

_PACKAGE = str(Path(__file__).parent)
#: Of a thread or task of its own, so that two that load files at once do not mix what they find.
_collected: ContextVar[list[Declaration] | None] = ContextVar("_collected", default=None)


@dataclass(frozen=True)
class CallSite:
    """The author's line that made a declaration."""

    file: str
    line: int


@dataclass(frozen=True)
class Problem:
    """What is wrong with a declaration; `kind` is a short word that the compiler gives a code
    to.
    """

    kind: str
    message: str


def _call_site() -> CallSite:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return CallSite(frame.f_code.co_filename, frame.f_lineno)


@contextmanager
def collecting() -> Iterator[list[Declaration]]:
    """Collect every declaration made while this is open, in order.

    So none is overlooked because nothing refers to it.
    """
    declarations: list[Declaration] = []
    token = _collected.set(declarations)
    try:
        yield declarations
    finally:
        _collected.reset(token)


class Declaration(BaseModel):
    """A frozen declaration that keeps its mistakes instead of raising, so that one does not hide
    the next.

    A field with a mistake holds its default, or None where it has none; `problems` says which and
    why.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True
    )

    _site: CallSite = PrivateAttr()
    _problems: tuple[Problem, ...] = PrivateAttr(default=())
    _positional: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *values: Any, **named: Any) -> None:
        """Take the arguments by name (operations take theirs by position too)."""
        site, problems = _call_site(), []
        if len(values) > len(self._positional):
            given = (
                f"takes its arguments by name, {len(values) - len(self._positional)} came "
                "without one"
            )
            problems.append(
                Problem("unknown-argument", f"{self._title()} {given}. Known: {self._known()}.")
            )
        named = dict(zip(self._positional, values, strict=False)) | named
        try:
            super().__init__(**named)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            problems += self._all_problems(errors)
            self._keep_what_is_sound(named, {str(e["loc"][0]) for e in errors if e["loc"]})
        self._site = site
        self._problems = tuple(problems)
        collected = _collected.get()
        if collected is not None:
            collected.append(self)

    @property
    def site(self) -> CallSite:
        """Where the author made this."""
        return self._site

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with this declaration itself, without those that it holds."""
        return self._problems

    @classmethod
    def _title(cls) -> str:
        return cls.__name__

    @classmethod
    def _arguments(cls) -> list[str]:
        return [field.alias or name for name, field in cls.model_fields.items()]

    @classmethod
    def _known(cls) -> str:
        return ", ".join(cls._arguments()) or "none"

    def _keep_what_is_sound(self, named: dict[str, Any], broken: set[str]) -> None:
        values: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            given = field.alias or name
            sound = given in named and given not in broken and name not in broken
            values[name] = (
                named[given]
                if sound
                else (None if field.is_required() else field.get_default(call_default_factory=True))
            )
        # The same four attributes that pydantic's own constructor sets; setattr would meet the
        # frozen model.
        object.__setattr__(self, "__dict__", values)
        object.__setattr__(self, "__pydantic_fields_set__", {n for n in values if n in named})
        object.__setattr__(self, "__pydantic_extra__", None)
        object.__setattr__(self, "__pydantic_private__", None)
        self.model_post_init(None)

    def _all_problems(self, errors: list[ErrorDetails]) -> list[Problem]:
        unknown = {str(e["loc"][0]) for e in errors if e["type"] == "extra_forbidden"}
        misspelled = {_nearest(name, self._arguments()) for name in unknown}
        # A misspelled argument is one mistake, not an unknown argument and a missing one.
        return [
            self._problem(e)
            for e in errors
            if not (e["type"] == "missing" and e["loc"][0] in misspelled)
        ]

    def _problem(self, error: ErrorDetails) -> Problem:
        path = "".join(
            f"[{part!r}]" if index else str(part) for index, part in enumerate(error["loc"])
        )
        name = str(error["loc"][0]) if error["loc"] else ""
        match error["type"]:
            case "extra_forbidden":
                near = _nearest(name, self._arguments())
                advice = f"Did you mean {near!r}?" if near else f"Known: {self._known()}."
                return Problem(
                    "unknown-argument", f"{self._title()} has no argument {name!r}. {advice}"
                )
            case "missing":
                return Problem(
                    "missing-argument",
                    f"{self._title()} needs {name}=…. Known arguments: {self._known()}.",
                )
            case kind if kind.startswith("tw:"):
                return Problem(
                    kind[3:],
                    f"{self._title()}({path}=…): {error['msg']}"
                    if path
                    else f"{self._title()}: {error['msg']}",
                )
            case "sequence_str":
                reason = f"one text where a list belongs. Write [{error['input']!r}]"
            case "is_instance_of" if isinstance(error["input"], Declaration):
                reason = (
                    f"one {error['input']._title()} where a list belongs. Put it into "
                    f"brackets: [{error['input']._title()}(…)]"
                )
                return Problem("bad-value", f"{self._title()}({path}=…): {reason}.")
            case "model_type":
                reason = (
                    f"not a declaration. Write {error.get('ctx', {}).get('class_name', 'one')}(…)"
                )
            case "too_short":
                reason = "an empty list. Name at least one"
            case _:
                reason = f"{error['msg'][:1].lower()}{error['msg'][1:]}"
        return Problem("bad-value", f"{self._title()}({path}={_shown(error['input'])}): {reason}.")


def _nearest(name: str, known: list[str]) -> str | None:
    return nearest_name(name, known, cutoff=0.5)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
