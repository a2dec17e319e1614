"""The problems that the compiler can report, and how they are shown."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tilewright.declaration import CallSite

Severity = Literal["error", "warning"]

#: code -> title; a catalogue page can be made from it.
CODES: dict[str, str] = {
    "TW001": "a file cannot be loaded",
    "TW002": "a file is not Python",
    "TW003": "nothing to compile",
    "TW004": "a GroupBy has no name",
    "TW005": "the configuration is broken",
    "TW006": "two things have one name",
    "TW007": "a name cannot be used",
    "TW008": "unknown argument",
    "TW009": "an argument is missing",
    "TW010": "an argument has a wrong value",
    "TW011": "a duration cannot be read",
    "TW012": "tile sizes do not divide each other",
    "TW013": "a tile is longer than its window",
    "TW014": "an operation is written wrongly",
    "TW015": "a lifetime needs tiles of a day",
    "TW020": "a column does not exist",
    "TW021": "a type does not exist",
    "TW022": "a source has no readable schema",
    "TW023": "an expression cannot be parsed",
    "TW024": "an expression is not allowed",
    "TW025": "an expression has no type",
    "TW026": "a column of this type cannot be used here",
    "TW027": "an operation does not take this type",
    "TW028": "sources do not fit together",
    "TW030": "not built yet",
    "TW040": "the edge of a window is coarse",
    "TW041": "a window reads many tiles",
    "TW042": "nothing is known of the entities",
}

_WARNINGS = {"TW040", "TW041", "TW042"}

#: kind of a declaration's problem -> code
KINDS = {
    "unknown-argument": "TW008",
    "missing-argument": "TW009",
    "bad-value": "TW010",
    "bad-duration": "TW011",
    "bad-operation": "TW014",
}


@dataclass(frozen=True, order=True)
class Diagnostic:
    """One problem: where it is, its code, and what, why and what to do in words."""

    file: str
    line: int
    code: str
    message: str

    @property
    def severity(self) -> Severity:
        """Errors stop the compilation, warnings do not."""
        return "warning" if self.code in _WARNINGS else "error"

    def __str__(self) -> str:
        """`clicks.py:14: TW012 tile size 7m does not divide 1h: …`."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.code} {'warning: ' if self.severity == 'warning' else ''}{self.message}"


class CompileError(Exception):
    """A declaration that cannot be compiled; `diagnostics` says why."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Show all diagnostics as the exception's text."""
        self.diagnostics = sorted(diagnostics)
        super().__init__("\n" + "\n".join(map(str, self.diagnostics)))


def shown_path(path: str) -> str:
    """A path as the reader would type it: relative if it lies below the current folder."""
    if not os.path.isabs(path):
        return os.path.normpath(path)
    here = os.getcwd()
    return os.path.relpath(path, here) if os.path.commonpath([here, path]) == here else path


def diagnostic(code: str, site: CallSite, message: str) -> Diagnostic:
    """A diagnostic at the author's line."""
    if code not in CODES:
        raise KeyError(code)
    return Diagnostic(shown_path(site.file), site.line, code, message)


def nearest(name: str, known: Iterable[str]) -> str:
    """Advice for a misspelled name: the nearest known one, or all of them.

    >>> nearest("pric", ["price", "quantity"])
    "Did you mean 'price'?"
    """
    from difflib import get_close_matches

    names = list(known)
    if near := get_close_matches(name, names, n=1):
        return f"Did you mean {near[0]!r}?"
    return f"Known: {', '.join(names[:20])}{', …' if len(names) > 20 else ''}." if names else "None is known."
