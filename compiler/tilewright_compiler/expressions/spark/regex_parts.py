"""What is known of a parsed regular expression."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Regex:
    """A pattern for RE2.

    Java's `$` also holds before a last line end, and a look-ahead before what it looks at. RE2 has
    nothing of the kind, so that is part of the match, by itself in the groups `tails`.
    """

    pattern: str
    groups: dict[int, int]
    """The number of each of Java's groups among those of the pattern."""
    names: dict[str, int]
    tails: tuple[int, ...]
    is_nullable: bool
    """Whether it may match the empty text."""
    starts: bool
    """Whether it can match at the beginning only."""
    has_end_in_group: bool
    tail_at: int | None
    """Where the first look-ahead of the source begins."""


@dataclass
class Part:
    """A part of a pattern, written for RE2."""

    text: str
    nullable: bool
    starts: bool = False
    ends: bool = False
