"""Pages of mapped files in a process's memory.

They are the system's, which takes them back when it lacks some. Until then they count as memory of
the process, and each page that it reads brings some of its neighbours.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterator

_PAGE_BYTES = mmap.PAGESIZE
#: The number in `statm` of the pages that files share with a process.
_SHARED = 2


def resident_bytes() -> int:
    """Measure what the process holds of mapped files.

    It is 0 where the system does not say.
    """
    try:
        with open("/proc/self/statm", "rb") as numbers:
            return int(numbers.read().split()[_SHARED]) * _PAGE_BYTES
    except OSError:
        return 0


def give_back(file: str | os.PathLike[str]) -> None:
    """Give the pages of a mapped file back.

    Only what is mapped to be read is meant. The pages stay in the system's memory, and come again
    when they are read. The caller keeps the map in its place meanwhile.
    """
    madvise = ctypes.CDLL(None, use_errno=True).madvise
    for begin, end in _maps(os.stat(file).st_ino):
        place = ctypes.c_void_p(begin), ctypes.c_size_t(end - begin)
        madvise(*place, mmap.MADV_DONTNEED)


def _maps(inode: int) -> Iterator[tuple[int, int]]:
    """Yield where a file is mapped only to be read."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        for line in maps:
            place, rights, _, _, own, *_ = line.split(maxsplit=5)
            if rights.startswith("r-") and rights.endswith("s") and int(own) == inode:
                begin, _, end = place.partition("-")
                yield int(begin, 16), int(end, 16)
