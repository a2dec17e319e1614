"""The lock of the one process that writes a store."""

from __future__ import annotations

import fcntl
import os

from ...errors import StoreError

_LOCK_FILE = "writer.lock"


class WriterLock:
    """A lock on a store's folder.

    Its file holds the number of the process that writes. The system lets go of it when the process
    ends, however that happens.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.is_open = False
        self._file = -1
        self._taken = False

    def open(self) -> None:
        """Open the file, as only one who may write can.

        Raises OSError if that is not so.
        """
        self._file = os.open(os.path.join(self.folder, _LOCK_FILE), os.O_RDWR | os.O_CREAT, 0o644)
        self.is_open = True

    def close(self) -> None:
        """Let go of the lock.

        After a fork it stays with the parent.
        """
        if self.is_open:
            os.close(self._file)
            self.is_open = False

    @property
    def is_taken(self) -> bool:
        """Whether a process is writing, this one included."""
        if self._taken:
            return True
        try:
            file = os.open(os.path.join(self.folder, _LOCK_FILE), os.O_RDONLY)
        except OSError:
            return False  # no writer was ever here
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False

    def take(self) -> None:
        """Make this process the one that writes.

        It stays so until the lock is closed. Raises StoreError if another process writes, if this
        user may not, or if the disk is full.
        """
        if self._taken:
            return
        if not self.is_open:
            raise StoreError(
                f"store lmdb:{self.folder} can only be read by this user. Write as one who may "
                "change the folder and its files."
            )
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            writer = os.pread(self._file, 32, 0).decode().strip() or "unknown"
            raise StoreError(
                f"store lmdb:{self.folder} is being written by another process (pid {writer}). "
                "Wait until it ends, or write to another store."
            ) from None
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        except OSError as wrong:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            raise StoreError(
                f"store lmdb:{self.folder} cannot be written: {wrong.strerror}. Make room on the "
                "disk and write again."
            ) from wrong
        self._taken = True
