"""The language: what an author of features writes."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .aggregation import Aggregation
    from .arguments.durations import Window
    from .errors import TilewrightError
    from .group_by import Derivation, EntityStats, GroupBy
    from .operations import Operation
    from .source import EventSource, Query, select
    from .windows import TimeUnit

__all__ = [
    "Aggregation",
    "Derivation",
    "EntityStats",
    "EventSource",
    "GroupBy",
    "Operation",
    "Query",
    "TilewrightError",
    "TimeUnit",
    "Window",
    "select",
]

# Names are looked up when they are used, since a process that only fetches declares nothing.
_HOMES = {
    "Aggregation": "aggregation",
    "Derivation": "group_by",
    "EntityStats": "group_by",
    "EventSource": "source",
    "GroupBy": "group_by",
    "Operation": "operations",
    "Query": "source",
    "TilewrightError": "errors",
    "TimeUnit": "windows",
    "Window": "arguments.durations",
    "select": "source",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
