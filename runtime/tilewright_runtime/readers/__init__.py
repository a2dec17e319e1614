"""Read files, streams and tables of events, in batches with the position that follows each."""

from __future__ import annotations

from .batch import Batch, Malformed, Position
from .inputs import Input, find_inputs, open_input
from .objects import inputs_of

__all__ = ["Batch", "Input", "Malformed", "Position", "find_inputs", "inputs_of", "open_input"]
