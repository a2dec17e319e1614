"""How often Python looks for cycles of objects."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: How many more objects than before are alive when Python looks for cycles. It would otherwise look
#: a hundred times while a command imports its modules, and find none.
_OBJECTS = 100_000


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Look for cycles of objects less often meanwhile."""
    thresholds = gc.get_threshold()
    gc.set_threshold(_OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
