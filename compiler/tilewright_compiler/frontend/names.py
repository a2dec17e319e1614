"""The names that can be used, and why others cannot."""

from __future__ import annotations

import re

_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: What Windows takes for a device, whatever stands after the first dot.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
#: File systems take 255 bytes, and what is written beside a file has a longer name.
_LONGEST = 200


def is_dotted(name: str) -> bool:
    """Tell whether a name can be a GroupBy's.

    It becomes a folder and a part of every key.
    """
    return _DOTTED.fullmatch(name) is not None


def folder_problem(name: str) -> str | None:
    """Say why no folder can have a dotted name, or None.

    A plan that was compiled here may be checked out on Windows.
    """
    if _DEVICE.fullmatch(name):
        return f"begins with {name.partition('.')[0]!r}, which is a device on Windows"
    if len(name) > _LONGEST:
        return f"has {len(name):,} characters, and a folder's name {_LONGEST} at most"
    return None


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
