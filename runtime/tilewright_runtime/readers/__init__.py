"""Read events from files, streams and tables, in batches.

Each batch comes with the position that follows it.
"""

from __future__ import annotations

from .batch import Batch, Malformed, Position
from .inputs import Input, find_inputs, open_input
from .objects import inputs_of

__all__ = ["Batch", "Input", "Malformed", "Position", "find_inputs", "inputs_of", "open_input"]
