"""What every piece of a plan is."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Mapping
from functools import cache, partial
from types import UnionType
from typing import (
    Any,
    ClassVar,
    NamedTuple,
    Self,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
)

from .checks import Check, PartError, check_of


class _Declared(NamedTuple):
    """What is said of a field beside its type."""

    default_factory: Callable[[], Any] | None
    alias: str | None


def field(*, default_factory: Callable[[], Any] | None = None, alias: str | None = None) -> Any:
    """Declare the default of a field, or its key."""
    return _Declared(default_factory, alias)


class Field(NamedTuple):
    """A field: its attribute, its type, and its default."""

    name: str
    annotation: Any
    check: Check
    default: Callable[[], Any] | None
    write: Callable[[Any], Any] | None
    """What makes JSON of its values; None where they are JSON."""


#: The types of values that JSON has as they are.
_SCALARS = frozenset({str, int, float, bool, type(None)})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Part:
    """A frozen piece of a plan.

    Its annotations are the schema: values of other types are refused, and unknown keys too, since
    they mean another version. It has the methods of pydantic's models, but not their checks, since
    importing those takes longer than the first fetch of a process.
    """

    #: Fields that a document leaves out where they have their default.
    _left_out: ClassVar[Collection[str]] = ()

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(self._read(values))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: copy it with another {name}")

    def __eq__(self, other: object) -> bool:
        return self.__dict__ == other.__dict__ if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__.values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({shown})"

    @classmethod
    def model_validate(cls, document: Any) -> Self:
        """Read a part from JSON's values.

        Raises PartError, which says what is wrong and where.
        """
        if type(document) is cls:
            return document
        if not isinstance(document, dict):
            raise PartError("is not an object")
        part = cls.__new__(cls)
        part.__dict__.update(cls._read(document))
        return part

    @classmethod
    def model_validate_json(cls, text: str | bytes) -> Self:
        """Read a part from the text of its JSON."""
        return cls.model_validate(json.loads(text))

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Name the fields, in order."""
        return tuple(cls.__annotations__)

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """Copy the part with other values, which are not checked."""
        part = type(self).__new__(type(self))
        part.__dict__.update(self.__dict__, **update)
        return part

    def model_dump(self, *, exclude: Collection[str] = ()) -> dict[str, Any]:
        """Write the part as JSON has it."""
        fields = self.fields()
        document = dict(zip(fields, self.__dict__.values(), strict=True))
        for key, write in self._writers():
            document[key] = write(document[key])
        for name in self._left_out:
            default = fields[name].default
            if default is not None and self.__dict__[name] == default():
                del document[name]
        for name in exclude:
            document.pop(name, None)
        return document

    def model_dump_json(self) -> str:
        """Write the text of the part's JSON."""
        return json.dumps(self.model_dump(), ensure_ascii=False)

    @classmethod
    def _read(cls, values: dict[str, Any]) -> dict[str, Any]:
        fields = cls.fields()
        if not values.keys() <= fields.keys():
            raise PartError("is not known").at(next(key for key in values if key not in fields))
        checked = {}
        key = ""
        try:
            for key, (name, _, check, default, _) in fields.items():
                if key in values:
                    checked[name] = check(values[key])
                elif default is None:
                    raise PartError("is missing")
                else:
                    checked[name] = default()
        except PartError as wrong:
            raise wrong.at(key) from None
        return checked

    @classmethod
    @cache
    def fields(cls) -> dict[str, Field]:
        """Collect the fields by their keys in JSON."""
        fields = {}
        for name, annotation in _annotations(cls).items():
            default, alias = _declared(cls, name)
            check, write = check_of(annotation), _writer_of(annotation)
            fields[alias or name] = Field(name, annotation, check, default, write)
        return fields

    @classmethod
    @cache
    def _writers(cls) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
        """Pick the fields whose values JSON does not have."""
        fields = cls.fields().items()
        return tuple((key, field.write) for key, field in fields if field.write is not None)


def _annotations(part: type[Part]) -> dict[str, Any]:
    """Evaluate the types of all fields.

    They are compiled together: one by one, as `typing` does it, takes most of the time of reading a
    plan.
    """
    texts = {name: text for name, text in part.__annotations__.items() if name != "_left_out"}
    types = eval(f"({', '.join(texts.values())},)", vars(sys.modules[part.__module__]))
    return dict(zip(texts, types, strict=True))


def _declared(part: type[Part], name: str) -> _Declared:
    """Find a field's default and key."""
    if name not in vars(part):
        return _Declared(None, None)
    value = vars(part)[name]
    return value if isinstance(value, _Declared) else _Declared(lambda: value, None)


def _writer_of(annotation: Any) -> Callable[[Any], Any] | None:
    """Make what writes the values of a type.

    None where JSON has them as they are.
    """
    arguments = get_args(annotation)
    match get_origin(annotation):
        case None if hasattr(annotation, "model_dump"):
            write: Callable[[Any], Any] = annotation.model_dump
            return write
        case origin if origin is list:
            one = _writer_of(arguments[0])
            return list if one is None else partial(_list_of, one)
        case origin if origin is dict:
            one = _writer_of(arguments[1])
            return dict if one is None else partial(_by_text, one)
        case origin if origin in (Union, UnionType):
            return _document if any(map(_writer_of, arguments)) else None
    return _document if annotation is Any else None


def _list_of(write: Callable[[Any], Any], values: Any) -> list[Any]:
    return [write(value) for value in values]


def _by_text(write: Callable[[Any], Any], values: Any) -> dict[str, Any]:
    return {key: write(value) for key, value in values.items()}


def _document(value: Any) -> Any:
    """Write a value of a part as JSON has it."""
    if value.__class__ in _SCALARS:
        return value
    if isinstance(value, Part):
        return value.model_dump()
    if isinstance(value, list | tuple):
        return [_document(one) for one in value]
    if isinstance(value, dict):
        return {key: _document(one) for key, one in value.items()}
    return value
