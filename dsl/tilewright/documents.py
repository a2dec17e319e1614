"""Documents, which are read whole from regular files."""

from __future__ import annotations

import errno
import os
import stat

#: No plan, configuration or file of tokens is larger. A device may have no end.
MOST_BYTES = 64_000_000

# Opening a FIFO that nobody writes would wait. Windows has no FIFO, and ends of lines of its own.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_document(path: str | os.PathLike[str], most_bytes: int = MOST_BYTES) -> bytes:
    """Read a document from a regular file.

    Raises OSError, whose `strerror` says why, also for a device, for a FIFO, for a file of more
    bytes, and for a path that no file can have.
    """
    require_possible(path)
    descriptor = os.open(path, _FLAGS)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise _refusal(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(status.st_mode):
            raise _refusal(errno.EINVAL, "it is no regular file", path)
        # Python allocates as much as may be read.
        content = file.read(min(status.st_size, most_bytes) + 1)
        if len(content) > status.st_size:  # a file of /proc, which says 0
            content += file.read(most_bytes + 1 - len(content))
    if len(content) > most_bytes:
        size = f"{most_bytes / 1_000_000:g} MB"
        raise _refusal(errno.EFBIG, f"it has more than {size}", path)
    return content


def require_possible(path: str | os.PathLike[str]) -> None:
    """Refuse a path that no file can have.

    Raises OSError. Python's own functions raise several kinds of ValueError for it, or none.
    """
    try:
        is_possible = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        is_possible = False
    if not is_possible:
        raise _refusal(errno.EINVAL, "no file can have such a path", path)


def _refusal(number: int, reason: str, path: str | os.PathLike[str]) -> OSError:
    return OSError(number, reason, os.fspath(path))
