"""Readers: files, streams and tables of events, in batches, each with the position that
follows it.
"""

from __future__ import annotations

from .batch import Batch, Malformed, Position
from .inputs import Input, find_inputs, open_input

__all__ = ["Batch", "Input", "Malformed", "Position", "find_inputs", "open_input"]
