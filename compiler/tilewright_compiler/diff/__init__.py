"""Differences of plans, and what becomes of stored tiles."""

from .compare import Difference, compare
from .verdicts import MEANINGS, Change, Verdict

__all__ = ["MEANINGS", "Change", "Difference", "Verdict", "compare"]
