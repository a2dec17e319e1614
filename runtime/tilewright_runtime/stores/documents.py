"""Documents of a store that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import StoreError, shown


@contextmanager
def reading_document(name: str) -> Iterator[None]:
    """Turn what a damaged document raises into a StoreError.

    `name` is the document's; a missing one is for the caller to tell.
    """
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, OSError, RecursionError) as wrong:
        raise StoreError(
            f"the store's document {name} is damaged ({type(wrong).__name__}: "
            f"{shown(str(wrong))}). Restore a copy of the store, or write the events into a new "
            "one."
        ) from wrong
