"""The names that can be used, and why others cannot."""

from __future__ import annotations

import re

_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_dotted(name: str) -> bool:
    """Tell whether a name can be a GroupBy's.

    It becomes a folder and a part of every key.
    """
    return _DOTTED.fullmatch(name) is not None


def is_word(name: str) -> bool:
    """Tell whether a name can be a source's.

    It is given on the command line.
    """
    return _WORD.fullmatch(name) is not None


def unusable(name: str) -> str | None:
    """Say why a name cannot be used, or None.

    Quotes and spaces are allowed.
    """
    if not name.strip():
        return "is empty. Give it a name"
    if name.startswith("__"):
        return "starts with '__', which is kept for the compiler's own columns. Choose another"
    if not name.isprintable():
        return "holds a line break or another control character. Choose another"
    return None
