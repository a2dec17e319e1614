"""How what a page shows is compared with what was printed."""

from __future__ import annotations

from docs.comparing import agrees


def test_differences_are_seen() -> None:
    """The comparison takes times for equal, dots for anything, and nothing else."""
    assert agrees(["a: 6 new rows in 0.4 s (15 rows/s)"], ["a: 6 new rows in 1.2 s (5 rows/s)  "])
    assert agrees(["3 fetch     169  9 tiles"], ["3 fetch   1,069  9 tiles"])
    assert agrees(["first", "...", "last ... one"], ["first", "x", "y", "last and only one"])
    assert not agrees(["a: 6 new rows"], ["a: 7 new rows"])
    assert not agrees(["first", "last"], ["first", "x", "last"])
    assert not agrees(["first"], ["first", "second"])
