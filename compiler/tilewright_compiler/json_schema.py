"""The JSON Schemas of the configuration file and of a plan, for editors and other tools."""

from __future__ import annotations

import ast
import inspect
import sys
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from .frontend.config import ConfigFile
from .plan.model import Plan

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MODELS: dict[str, tuple[type[BaseModel], str, str]] = {
    "config": (
        ConfigFile,
        "tilewright.yaml",
        "How tiles are sized, kept and watched, unless a declaration says otherwise.",
    ),
    "plan": (Plan, "plan.json", "What `tilewright compile` writes and everything else runs from."),
}


def json_schema(name: str) -> dict[str, Any]:
    """The schema of `config` or `plan`, made from the model that reads it, so that the two cannot
    differ.

    The text below a field in the source is its description. It is read here and not by pydantic,
    which would parse the sources again in every process that reads a plan.
    """
    model, title, description = _MODELS[name]
    schema = model.model_json_schema(by_alias=True)
    module = sys.modules[model.__module__]
    texts = _descriptions(inspect.getsource(module))
    for kind, part in {model.__name__: schema, **schema["$defs"]}.items():
        part["description"] = _unwrap(part["description"])
        for field, info in getattr(module, kind).model_fields.items():
            text = _unwrap(texts.get((kind, field), ""))
            part["properties"][info.alias or field]["description"] = text
    return {"$schema": _DIALECT} | schema | {"title": title, "description": description}


def _unwrap(text: str) -> str:
    """Join the lines of each paragraph, which the sources wrap."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _descriptions(source: str) -> dict[tuple[str, str], str]:
    """The text below each annotated field of each class, by the names of both."""
    return {
        (declared.name, field.target.id): text.value.value
        for declared in ast.parse(source).body
        if isinstance(declared, ast.ClassDef)
        for field, text in pairwise(declared.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
