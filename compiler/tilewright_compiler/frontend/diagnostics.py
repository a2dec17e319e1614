"""The problems that the compiler reports."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tilewright.declaration import CallSite
from tilewright.errors import TilewrightError, without_passwords

from .catalogue import CATALOGUE, Entry, Severity

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
    """One problem at one place.

    The message says what is wrong, why, and what to do.
    """

    file: str
    line: int
    code: str
    message: str

    @property
    def severity(self) -> Severity:
        """Errors stop the compilation, warnings do not."""
        return self.entry.severity

    @property
    def entry(self) -> Entry:
        """The catalogue's entry for its code."""
        return CATALOGUE[self.code]

    def __str__(self) -> str:
        """`clicks.py:14: TW012 tile size 7m does not divide 1h: …`."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return (
            f"{place}: {self.code} "
            f"{'warning: ' if self.severity == 'warning' else ''}{self.message}"
        )

    def document(self) -> dict[str, Any]:
        """Write it as JSON has it."""
        return {
            "file": self.file,
            "line": self.line or None,
            "code": self.code,
            "severity": self.severity,
            "title": self.entry.title,
            "message": self.message,
            "cause": self.entry.cause,
            "remedy": self.entry.remedy,
        }


class CompileError(TilewrightError):
    """A declaration that cannot be compiled; `diagnostics` says why."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Show all diagnostics as the exception's text."""
        self.diagnostics = sorted(diagnostics)
        super().__init__("\n" + "\n".join(map(str, self.diagnostics)))


def shown_path(path: str) -> str:
    """Make a path below the current folder relative."""
    if not os.path.isabs(path):
        return os.path.normpath(path)
    here = os.getcwd()
    return os.path.relpath(path, here) if os.path.commonpath([here, path]) == here else path


def diagnostic(code: str, site: CallSite, message: str) -> Diagnostic:
    """Make a diagnostic at the author's line."""
    if code not in CATALOGUE:
        raise KeyError(code)
    file = without_passwords(shown_path(site.file))
    return Diagnostic(file, site.line, code, without_passwords(message))
