"""Which names can be used, and why others cannot."""

from __future__ import annotations

import re

_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_dotted(name: str) -> bool:
    """Whether a name can be that of a GroupBy: it becomes a folder and a part of every key."""
    return _DOTTED.fullmatch(name) is not None


def is_word(name: str) -> bool:
    """Whether a name can be that of a source: it is given on the command line."""
    return _WORD.fullmatch(name) is not None


def unusable(name: str) -> str | None:
    """Why a column or feature cannot have this name, or None if it can; quotes and spaces are no
    hindrance.
    """
    if not name.strip():
        return "is empty. Give it a name"
    if name.startswith("__"):
        return "starts with '__', which is kept for the compiler's own columns. Choose another"
    if not name.isprintable():
        return "holds a line break or another control character. Choose another"
    return None
