"""Reading ahead: the next batch is read in a thread while the last one is being written."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from .batch import Batch


def read_ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches in the same order, one of them ready before it is asked for."""
    # pyarrow imports pandas, where there is one, at its first conversion, and that import must not begin in two threads.
    pa.scalar(0)
    with ThreadPoolExecutor(1, thread_name_prefix="tilewright-reader") as reader:
        following = reader.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = reader.submit(next, batches, None)
            yield batch
