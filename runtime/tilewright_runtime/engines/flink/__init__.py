"""The names that a generated Flink job imports."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Import `main` and `put_tiles` when asked for.

    Only `put_tiles` needs PyFlink.
    """
    if name == "main":
        from .command import main

        return main
    if name == "put_tiles":
        from .udf import put_tiles

        return put_tiles
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
