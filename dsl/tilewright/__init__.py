"""The language: what an author of features writes."""

from .aggregation import Aggregation
from .errors import TilewrightError
from .group_by import Derivation, GroupBy
from .operations import Operation
from .source import EventSource, Query, select
from .windows import TimeUnit, Window

__all__ = [
    "Aggregation",
    "Derivation",
    "EventSource",
    "GroupBy",
    "Operation",
    "Query",
    "TilewrightError",
    "TimeUnit",
    "Window",
    "select",
]
