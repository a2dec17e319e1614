"""The pages of an LMDB file, and their uses.

They are those of one moment, as bytes.
"""

from __future__ import annotations

import os
import struct
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...errors import StoreError
from .faults import CUT, NOT_THERE, OTHER_PAGE, USED_TWICE
from .metas import Meta, damaged

Numbers = NDArray[np.int64]

HEADER_BYTES = 16
LONGEST_KEY = 511

_IS_OVERFLOW = 4
_OVERFLOW = struct.Struct("=QHHI")


class PageFile:
    """The pages of a file, each used once at most."""

    def __init__(self, file: str | os.PathLike[str], descriptor: int, meta: Meta) -> None:
        self._file = file
        self._descriptor = descriptor
        self.page_bytes = meta.free.page_bytes
        self.last_page = meta.last_page
        self._is_used = np.zeros(meta.last_page + 1, dtype=np.bool_)
        self._is_used[:2] = True

    def read(self, pages: Numbers) -> NDArray[np.uint8]:
        """Read some pages, and a few zeros behind them."""
        size = self.page_bytes
        content = np.zeros(len(pages) * size + 2 * LONGEST_KEY, dtype=np.uint8)
        view = content.data
        runs = [0, *(np.flatnonzero(np.diff(pages) != 1) + 1).tolist(), len(pages)]
        for begin, end in pairwise(runs):
            place = view[begin * size : end * size]
            if os.preadv(self._descriptor, [place], int(pages[begin]) * size) < len(place):
                raise self.damaged(int(pages[begin]), CUT)
        return content

    def read_value(self, first_page: int, size: int) -> bytes:
        """Read a value of some size from its overflow pages."""
        return os.pread(self._descriptor, size, first_page * self.page_bytes + HEADER_BYTES)

    def use_overflow(self, named_by: int, first_page: int, size: int) -> int:
        """Use and count the overflow pages of a value."""
        self.use(named_by, first_page, 1)
        header = os.pread(self._descriptor, HEADER_BYTES, first_page * self.page_bytes)
        if len(header) < HEADER_BYTES:
            raise self.damaged(first_page, CUT)
        own, _, kind, count = _OVERFLOW.unpack(header)
        most = (HEADER_BYTES - 1 + size) // self.page_bytes + 1
        if (own, kind) != (first_page, _IS_OVERFLOW) or count < most:
            raise self.damaged(first_page, OTHER_PAGE)
        self.use(named_by, first_page + 1, count - 1)
        return int(count)

    def use(self, named_by: int, first: int, count: int) -> None:
        """Use pages that another one names."""
        if not 2 <= first <= first + count <= len(self._is_used):
            raise self.damaged(named_by, NOT_THERE)
        if self._is_used[first : first + count].any():
            raise self.damaged(named_by, USED_TWICE)
        self._is_used[first : first + count] = True

    def use_each(self, named_by: Numbers, pages: Numbers) -> None:
        """Use pages, each of which another one names."""
        is_there = (pages >= 2) & (pages < len(self._is_used))
        self.require(is_there, named_by, NOT_THERE)
        is_first = np.zeros(len(pages), dtype=np.bool_)
        is_first[np.unique(pages, return_index=True)[1]] = True
        is_new = is_first & ~self._is_used[pages]
        self.require(is_new, named_by, USED_TWICE)
        self._is_used[pages] = True

    def require(self, is_sound: NDArray[np.bool_], pages: Numbers, what: str) -> None:
        """Raise StoreError for the first page that is not sound."""
        if not is_sound.all():
            raise self.damaged(int(pages[is_sound.argmin()]), what)

    def damaged(self, page: int, what: str) -> StoreError:
        """Make the error of a damaged page."""
        return damaged(self._file, page, what)
