"""The JSON Schemas of the configuration file and of a plan, for editors and other tools."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from .config import ConfigFile
from .plan import Plan

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MODELS: dict[str, tuple[type[BaseModel], str, str]] = {
    "config": (ConfigFile, "tilewright.yaml", "How tiles are sized, kept and watched, unless a declaration says otherwise."),
    "plan": (Plan, "plan.json", "What `tilewright compile` writes and everything else runs from."),
}


def json_schema(name: str) -> dict[str, Any]:
    """The schema of `config` or `plan`, made from the model that reads it, so that the two cannot differ."""
    model, title, description = _MODELS[name]
    schema = model.model_json_schema(by_alias=True)
    return {"$schema": _DIALECT} | schema | {"title": title, "description": description}
