"""Reads records in the mapped file of an LMDB environment.

The native kernel finds records in its bytes, in one call for all requests of a fetch. LMDB itself
gives each record by a call of its own, which takes four times as long.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from typing import Any

from ...states.kernel import kernel
from ..base import Records, ScanRequest

#: The records of each request by range, and documents.
Found = tuple[Sequence[Sequence[Records]], list[bytes | None]]


class MappedFile:
    """Reads records out of a file's bytes.

    A transaction of LMDB is open meanwhile, so that no writer uses its pages again.
    """

    def __init__(self, file: str | os.PathLike[str]) -> None:
        # Kept open, since another file may take its name while LMDB still reads this one.
        self._descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        self.tables: Any = None
        self._size = 0

    def close(self) -> None:
        """Close the file; what is mapped stays mapped."""
        os.close(self._descriptor)

    def scan(
        self,
        transaction: Any,
        table: str,
        requests: Sequence[ScanRequest],
        documents: Sequence[bytes],
    ) -> Found | None:
        """Read records, and documents of some keys.

        None if LMDB has to read them: the kernel prepared no ranges for that, or the file is not
        plainly what LMDB writes.
        """
        if not requests or getattr(requests[0][1], "native", None) is None:
            return None
        number, tables = transaction.id(), self.tables
        records: Found | None = None
        if tables is not None:
            records = tables.scan(number, table, requests, documents)
        if records is None and self._map():
            records = self.tables.scan(number, table, requests, documents)
        return records

    def last_change(self) -> int | None:
        """Read the number of the last transaction in the file.

        It may be so new that LMDB does not give it yet. None if the file was not mapped.
        """
        number: int | None = None if self.tables is None else self.tables.last_change()
        return number

    def _map(self) -> bool:
        """Map the file if it has grown."""
        native = kernel()
        size = os.fstat(self._descriptor).st_size
        if native is None or size == self._size:
            return False
        mapped = mmap.mmap(self._descriptor, 0, access=mmap.ACCESS_READ)
        self.tables, self._size = native.MappedTables(mapped), size
        return True
