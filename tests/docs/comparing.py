"""Whether what happened is what a page shows."""

from __future__ import annotations

import re
from typing import Any

_VOLATILE = (
    (re.compile(r" +"), " "),
    (re.compile(r"\bin \d+\.\d+ ?s\b( \([\d,]+ rows/s\))?"), "in <time>"),
    (re.compile(r"^(\d (?:range|expand|fetch|boundaries|merge|derive)) [\d,]+ "), r"\1 <µs> "),
    (re.compile(r"^ ?[\d,]+ in all$"), "<µs> in all"),
)
#: What a command says every ten seconds, on a machine that is slow enough.
PROGRESS = re.compile(r"(\S+: \d+% written, \w+, )?[\d,]+ rows, .* open tiles, [\d,]+ s")


def settled(line: str) -> str:
    """A line without what differs from run to run."""
    line = line.rstrip()
    for pattern, replacement in _VOLATILE:
        line = pattern.sub(replacement, line)
    return line


def agrees(shown: list[str], printed: list[str]) -> bool:
    """Whether what was printed is what the page shows."""
    parts = [
        r"(?:.*\n)*" if line == "..." else re.escape(settled(line)).replace(r"\.\.\.", ".*") + r"\n"
        for line in shown
    ]
    lines = [settled(line) + "\n" for line in printed if not PROGRESS.fullmatch(line)]
    return re.fullmatch("".join(parts), "".join(lines)) is not None


def missing(part: Any, whole: Any, place: str = "") -> str | None:
    """Where a part is not in the whole; None if it is."""
    if isinstance(part, dict) and isinstance(whole, dict):
        found = (
            missing(value, whole.get(key), f"{place}.{key}") if key in whole else f"{place}.{key}"
            for key, value in part.items()
        )
        return next(filter(None, found), None)
    if isinstance(part, list) and isinstance(whole, list):
        return next(
            (
                f"{place}[{i}]"
                for i, item in enumerate(part)
                if all(missing(item, other) is not None for other in whole)
            ),
            None,
        )
    return None if part == whole else place or "the top"
