"""What declarations share: where they were written, and their mistakes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError
from pydantic_core import ErrorDetails

from .errors import CallSite as CallSite
from .errors import Problem
from .suggestions import nearest_name

_PACKAGE = str(Path(__file__).parent)
#: Each thread or task has its own, so that two that load files at once do not mix declarations.
_collected: ContextVar[list[Declaration] | None] = ContextVar("_collected", default=None)


def _call_site() -> CallSite:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return CallSite(frame.f_code.co_filename, frame.f_lineno)


@contextmanager
def collecting() -> Iterator[list[Declaration]]:
    """Collect every declaration made while this is open, in order.

    None is overlooked because nothing refers to it.
    """
    declarations: list[Declaration] = []
    token = _collected.set(declarations)
    try:
        yield declarations
    finally:
        _collected.reset(token)


class Declaration(BaseModel):
    """A frozen declaration that records its mistakes instead of raising.

    So one mistake does not hide the next. A field with a mistake holds its default, or None where
    there is none; `problems` says which field and why.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True
    )

    _site: CallSite = PrivateAttr()
    _problems: tuple[Problem, ...] = PrivateAttr(default=())
    _positional: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *values: Any, **named: Any) -> None:
        """Take the arguments by name, and operations' by position too."""
        site, problems = _call_site(), []
        if len(values) > len(self._positional):
            surplus = len(values) - len(self._positional)
            what = (
                f"{self._title()} takes its arguments by name, {surplus} came without one. "
                f"Known: {self._known()}."
            )
            problems.append(Problem("unknown-argument", what))
        named = dict(zip(self._positional, values, strict=False)) | named
        try:
            super().__init__(**named)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            # What came without its name is not missing: one mistake is told once.
            problems += [
                problem
                for problem in self._all_problems(errors)
                if problem.kind != "missing-argument" or not problems
            ]
            self._keep_what_is_sound(named, {str(e["loc"][0]) for e in errors if e["loc"]})
        self._site = site
        self._problems = tuple(problems)
        collected = _collected.get()
        if collected is not None:
            collected.append(self)

    @property
    def site(self) -> CallSite:
        """The author's line that made this declaration."""
        site: CallSite = self._kept["_site"]
        return site

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The mistakes of this declaration itself, without its parts' mistakes."""
        problems: tuple[Problem, ...] = self._kept["_problems"]
        return problems

    @property
    def _kept(self) -> dict[str, Any]:
        """The private attributes, which pydantic finds slowly by name."""
        return self.__pydantic_private__ or {}

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
            if given in named and given not in broken and name not in broken:
                values[name] = named[given]
            elif field.is_required():
                values[name] = None
            else:
                values[name] = field.get_default(call_default_factory=True)
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
        title, path = self._title(), _path(error["loc"])
        match error["type"]:
            case "extra_forbidden":
                name = str(error["loc"][0])
                near = _nearest(name, self._arguments())
                advice = f"Did you mean {near!r}?" if near else f"Known: {self._known()}."
                return Problem("unknown-argument", f"{title} has no argument {name!r}. {advice}")
            case "missing":
                name = str(error["loc"][0])
                what = f"{title} needs {name}=…. Known arguments: {self._known()}."
                return Problem("missing-argument", what)
            case kind if kind.startswith("tw:"):
                where = f"{title}({path}=…)" if path else title
                return Problem(kind.removeprefix("tw:"), f"{where}: {error['msg']}")
        if error["type"] == "is_instance_of" and isinstance(error["input"], Declaration):
            given = "…"
        else:
            given = _shown(error["input"])
        return Problem("bad-value", f"{title}({path}={given}): {_reason(error)}.")


def _path(location: tuple[int | str, ...]) -> str:
    """Write a mistake's location, with the indices in it."""
    argument = "".join(str(part) for part in location[:1])
    return argument + "".join(f"[{part!r}]" for part in location[1:])


def _reason(error: ErrorDetails) -> str:
    """Say why a value is wrong, and what to write."""
    value = error["input"]
    match error["type"]:
        case "sequence_str":
            return f"one text where a list belongs. Write [{value!r}]"
        case "is_instance_of" if isinstance(value, Declaration):
            title = value._title()
            return f"one {title} where a list belongs. Put it into brackets: [{title}(…)]"
        case "model_type":
            name = error.get("ctx", {}).get("class_name", "one")
            return f"not a declaration. Write {name}(…)"
        case "too_short":
            return "an empty list. Name at least one"
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}"


def _nearest(name: str, known: list[str]) -> str | None:
    return nearest_name(name, known, cutoff=0.5)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
