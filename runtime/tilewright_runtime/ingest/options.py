"""Checks what a caller says of a write."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InputError, shown


def require_options(max_rejects: Any, clock: Any, **flags: Any) -> None:
    """Check the options of a writer.

    Raises InputError for one of another class.
    """
    is_number = isinstance(max_rejects, (int, np.integer)) and max_rejects >= 0
    if max_rejects is not None and not is_number:
        raise InputError(
            f"max_rejects {shown(max_rejects)} is no number of rows. Give a whole number, or None."
        )
    if not callable(clock):
        raise InputError(
            f"clock {shown(clock)} cannot be called. Give a function that returns epoch ms."
        )
    for name, value in flags.items():
        require_flag(name, value)


def require_flag(name: str, value: Any) -> None:
    """Raise InputError unless a value is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name} {shown(value)} is neither True nor False.")
