"""The folder of the compiler's cases: declarations that many tests compile."""

from __future__ import annotations

from pathlib import Path

CASES = Path(__file__).parents[1] / "compiler" / "cases"
