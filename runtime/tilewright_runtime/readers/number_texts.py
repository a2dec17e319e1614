"""Finds texts of numbers that a cast would change."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: A text that is a whole number without a doubt, as most are.
_WHOLE_TEXT = r"^\s*[-+]?[0-9]+(\.0*)?\s*$"
#: A text that may be a large number.
_LARGE_TEXT = r"[eE]\+?[0-9]{2}|[0-9]{39}"
#: A number of fewer characters without an exponent fits into the narrowest type.
_LARGE_LENGTH = 39


def fractions(text: pa.Array, declared: str) -> pa.Array:
    """Find texts that are numbers but not whole.

    A double could not tell the largest apart.
    """
    if not any(mark in _content(text) for mark in (b".", b"e", b"E")):
        return pa.array(np.zeros(len(text), dtype=bool))
    doubtful = pc.invert(pc.match_substring_regex(text, _WHOLE_TEXT))
    return _found(text, doubtful, _is_fraction, declared)


def overflows(text: pa.Array, declared: str) -> pa.Array:
    """Find texts of numbers too large for a type."""
    content = _content(text)
    if b"e" not in content and b"E" not in content:
        longest = pc.max(pc.binary_length(text)).as_py() or 0
        if longest < _LARGE_LENGTH:
            return pa.array(np.zeros(len(text), dtype=bool))
    is_wide = declared.startswith("DOUBLE")
    doubtful = pc.match_substring_regex(text, _LARGE_TEXT)
    return _found(text, doubtful, _exceeds_double if is_wide else _exceeds_float, declared)


def _content(text: pa.Array) -> bytes:
    data = text.buffers()[2]
    return b"" if data is None else bytes(data)


def _found(
    text: pa.Array, doubtful: pa.Array, is_one: Callable[[str], bool], declared: str
) -> pa.Array:
    """Ask about doubtful texts, or their elements."""
    mask = pc.fill_null(doubtful, False).to_numpy(zero_copy_only=False).copy()
    for row in np.flatnonzero(mask).tolist():
        value = text[row].as_py()
        mask[row] = any(map(is_one, _elements(value) if declared.endswith("[]") else [value]))
    return pa.array(mask)


def _elements(text: str) -> list[str]:
    """List the texts and numbers of a JSON array."""
    try:
        elements = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return []
    if not isinstance(elements, list):
        return []
    return [part for part in elements if isinstance(part, str)]


def _is_fraction(text: str) -> bool:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return False
    return value.is_finite() and value != value.to_integral_value()


def _exceeds_double(text: str) -> bool:
    return _exceeds(text, float)


def _exceeds_float(text: str) -> bool:
    return _exceeds(text, np.float32)


def _exceeds(text: str, kind: Callable[[str], Any]) -> bool:
    """Tell whether a finite number becomes infinite."""
    try:
        with np.errstate(over="ignore"):
            is_infinite = bool(np.isinf(kind(text)))
    except ValueError:
        return False
    return is_infinite and any(map(str.isdigit, text))  # infinity itself has no digits
