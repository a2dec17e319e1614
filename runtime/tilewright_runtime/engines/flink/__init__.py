"""The names that a generated Flink job imports."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Import `main` and the functions when asked for.

    Only the functions need PyFlink.
    """
    if name == "main":
        from .command import main

        return main
    if name in ("put_tiles", "count_late"):
        from . import udf

        return getattr(udf, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
