"""Pydantic's models of a plan's parts, for its schema."""

from __future__ import annotations

from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, create_model

from ..plan.checks import LARGEST, Whole
from ..plan.part import Field as PartField
from ..plan.part import Part


class PartModel(BaseModel):
    """A model that describes a part and reads nothing."""

    model_config = ConfigDict(extra="forbid")

    part: ClassVar[type[Part]]


@cache
def model_of(part: type[Part]) -> type[PartModel]:
    """Make the model of a part and those within."""
    fields: dict[str, Any] = {}
    for key, field in part.fields().items():
        alias = None if key == field.name else key
        fields[field.name] = (_described(field.annotation), Field(**_default(field), alias=alias))
    model = create_model(part.__name__, __base__=PartModel, __doc__=part.__doc__, **fields)
    model.part = part
    return model


def _is_part(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Part)


def _default(field: PartField) -> dict[str, Any]:
    """Write the default of a field as pydantic takes it."""
    if field.default is None:
        return {}
    default = field.default()
    # A part is no value of JSON, so the schema does not show it.
    return {"default_factory": field.default} if isinstance(default, Part) else {"default": default}


def _described(annotation: Any) -> Any:
    """Write the type of a field as pydantic knows it."""
    arguments = get_args(annotation)
    match get_origin(annotation):
        case None if _is_part(annotation):
            return model_of(annotation)
        case origin if origin is None or origin is Literal:
            return annotation
        case origin if origin is Annotated and isinstance(arguments[1], Whole):
            return Annotated[int, Field(ge=arguments[1].lowest, le=LARGEST)]
        case origin if origin is Annotated:
            return Annotated[float, Field(ge=0, allow_inf_nan=False)]
        case origin if origin is UnionType:
            return reduce(or_, map(_described, arguments))
        case origin:
            return origin[tuple(map(_described, arguments))]
