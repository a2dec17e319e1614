"""Look-aheads at the beginning of patterns, which become conditions."""

from __future__ import annotations

import re

from .java_regex import end_of_group, has_alternatives

_FLAGS = re.compile(r"(?:\(\?[is]+\))?")


def conditions_of(source: str) -> list[tuple[str, bool]]:
    """Split a pattern into conditions.

    Each is a pattern, and whether it must be found.

    >>> conditions_of("^(?=.*b)(?!test)[a-z]")
    [('^(?:.*b)', True), ('^(?:test)', False), ('^[a-z]', True)]
    >>> conditions_of("a|b")
    [('a|b', True)]
    """
    flags = _FLAGS.match(source)
    begin = flags.end() if flags else 0
    before, at = source[:begin], begin + 1
    conditions: list[tuple[str, bool]] = []
    while source[begin : begin + 1] == "^" and source.startswith(("(?=", "(?!"), at):
        end = end_of_group(source, at + 3)
        conditions.append((f"{before}^(?:{source[at + 3 : end]})", source[at + 2] == "="))
        at = end + 1
    rest = source[at:]
    if not conditions or has_alternatives(rest):
        return [(source, True)]
    return [*conditions, (f"{before}^{rest}", True)] if rest else conditions
