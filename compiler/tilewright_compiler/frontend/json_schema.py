"""The JSON Schemas of configurations and plans."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, get_args

from pydantic import BaseModel

from ..plan.model import Plan
from ..plan.part import Part
from .config import ConfigFile, key_of
from .part_models import PartModel, model_of

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MODELS: dict[str, tuple[type[BaseModel], str, str]] = {
    "config": (
        ConfigFile,
        "tilewright.yaml",
        "How tiles are sized, kept and watched, unless a declaration says otherwise.",
    ),
    "plan": (
        model_of(Plan),
        "plan.json",
        "What `tilewright compile` writes and everything else runs from.",
    ),
}


def json_schema(name: str) -> dict[str, Any]:
    """Make the schema of `config` or `plan` from its model.

    So schema and reader cannot differ. The text below a field in the source is its description. It
    is read here and not by pydantic, which would parse the sources again in every process that
    reads a plan.
    """
    model, title, description = _MODELS[name]
    schema = model.model_json_schema(by_alias=True)
    parts = {model.__name__: schema, **schema["$defs"]}
    for declared in _models(model):
        part = parts[declared.__name__]
        part["description"] = _unwrap(part["description"])
        texts = _descriptions(declared)
        for field, info in declared.model_fields.items():
            text = _unwrap(texts.get(field, ""))
            part["properties"][info.alias or field]["description"] = text
    return {"$schema": _DIALECT} | schema | {"title": title, "description": description}


def _unwrap(text: str) -> str:
    """Join the lines of each paragraph, which the sources wrap."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Walk a model and all models that its fields hold."""
    yield model
    for info in model.model_fields.values():
        for part in _types(info.annotation):
            yield from _models(part)


def _types(annotation: Any) -> Iterator[type[BaseModel]]:
    """Walk the models inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _types(argument)


def _descriptions(model: type[BaseModel | Part]) -> dict[str, str]:
    """Collect the text below each field.

    A field that the model inherits has it there, and a key of the configuration below the field of
    the plan that it settles.
    """
    texts: dict[str, str] = {}
    for part in getattr(model, "parts", ()):
        texts |= {key_of(name): text for name, text in _descriptions(part).items()}
    declared = model.part if issubclass(model, PartModel) else model
    for base in reversed(declared.__mro__):
        if issubclass(base, BaseModel | Part) and base.__module__.startswith("tilewright"):
            for statement in ast.parse(inspect.getsource(base)).body:
                if isinstance(statement, ast.ClassDef):
                    texts |= _texts_below_fields(statement)
    return texts


def _texts_below_fields(declared: ast.ClassDef) -> dict[str, str]:
    texts: dict[str, str] = {}
    for field, text in pairwise(declared.body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            texts[field.target.id] = text.value.value
    return texts
