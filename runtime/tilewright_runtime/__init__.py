"""Run tiling plans: write events, and fetch features."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import MissingTileError, TilewrightError
    from .fetch.answers import Answer
    from .fetch.async_fetcher import AsyncFetcher
    from .fetch.cache import TileCache
    from .fetch.fetcher import Fetcher
    from .fetch.warming import Warmer
    from .ingest.report import WriteReport
    from .ingest.writer import Writer
    from .plans import load_plan
    from .service.client import AsyncClient as AsyncClient
    from .service.client import Client as Client
    from .stores import open_store

#: What the package itself can do. The clients need one more, and are imported by name.
__all__ = [
    "Answer",
    "AsyncFetcher",
    "Fetcher",
    "MissingTileError",
    "TileCache",
    "TilewrightError",
    "Warmer",
    "WriteReport",
    "Writer",
    "load_plan",
    "open_store",
]

# Names are looked up when they are used, so that the command line stays instant.
_HOMES = {
    "Answer": "fetch.answers",
    "AsyncClient": "service.client",
    "Client": "service.client",
    "AsyncFetcher": "fetch.async_fetcher",
    "Fetcher": "fetch.fetcher",
    "MissingTileError": "errors",
    "TileCache": "fetch.cache",
    "Warmer": "fetch.warming",
    "TilewrightError": "errors",
    "WriteReport": "ingest.report",
    "Writer": "ingest.writer",
    "load_plan": "plans",
    "open_store": "stores",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
