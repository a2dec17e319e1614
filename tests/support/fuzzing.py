"""Damaged documents and bytes for fuzzers, and the one promise that all of them test.

A fuzzer runs a few examples in `make test`, the same each time; `make fuzz` runs many new ones.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tilewright import TilewrightError

_EXAMPLES = int(os.environ.get("TILEWRIGHT_FUZZ", "0"))

#: How often each fuzzer runs.
fuzzed = settings(
    max_examples=_EXAMPLES or 8,
    derandomize=not _EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

#: Values that are often forgotten: limits, wrong types, text that is no text.
HOSTILE: list[Any] = [
    None, True, False, 0, -1, 1, 7, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**400,
    0.5, -0.0, 1e308, float("nan"), float("inf"), "", " ", "x", "1", "null", "\ud800", "\x00",
    "'\"`;--", "é" * 300, "COUNT", "BIGINT", "2024-01-04", [], {}, [[]], [None], {"": ""},
]  # fmt: skip

Path = tuple[str | int, ...]


@contextmanager
def only_errors_of_ours() -> Iterator[None]:
    """Let errors of ours pass; whatever else is raised is a fault."""
    try:
        yield
    except TilewrightError as error:
        assert str(error).strip()


def paths(document: Any, before: Path = ()) -> Iterator[Path]:
    """Yield the path of every value in a JSON document but the whole."""
    if isinstance(document, dict):
        items: Any = document.items()
    elif isinstance(document, list):
        items = enumerate(document)
    else:
        return
    for key, value in items:
        yield (*before, key)
        yield from paths(value, (*before, key))


def at(document: Any, path: Path) -> Any:
    """Return the value at a path."""
    for key in path:
        document = document[key]
    return document


@st.composite
def damaged(draw: st.DrawFn, document: Any) -> Any:
    """Draw a document in which a few values are replaced, gone, repeated or exchanged."""
    changed = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        known = list(paths(changed))
        if not known:
            return changed
        path = draw(st.sampled_from(known))
        holder: Any = at(changed, path[:-1])
        key: Any = path[-1]
        match draw(st.sampled_from(["replace", "replace", "delete", "repeat", "exchange"])):
            case "replace":
                holder[key] = copy.deepcopy(draw(st.sampled_from(HOSTILE)))
            case "delete":
                del holder[key]
            case "repeat" if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[key]))
            case _:
                holder[key] = copy.deepcopy(at(changed, draw(st.sampled_from(known))))
    return changed


@st.composite
def damaged_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """Draw bytes of which a few are changed, gone, repeated or new."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(changed)))
        length = draw(st.integers(0, 12))
        match draw(st.sampled_from(["flip", "cut", "insert", "repeat", "truncate"])):
            case "flip" if start < len(changed):
                changed[start] ^= draw(st.integers(1, 255))
            case "cut":
                del changed[start : start + length]
            case "insert":
                changed[start:start] = draw(st.binary(max_size=12))
            case "repeat":
                changed[start:start] = changed[start : start + length]
            case _:
                del changed[start:]
    return bytes(changed)
