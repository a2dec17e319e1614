"""What the workers of a service have counted, put together.

Each worker writes its numbers into a folder of the service, so that a scrape, which any of them may
answer, gets those of all. Those of a worker that died stay, as counters never go back.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import suppress
from pathlib import Path

from ..metrics import Snapshot, added_up, snapshot

_INTERVAL_S = 1.0


class SharedMetrics:
    """The numbers of this worker and of those beside it."""

    def __init__(self, folder: Path | None) -> None:
        """Without a folder this worker is the only one."""
        self._folder = folder
        self._own = f"{uuid.uuid4().hex}.json"
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write what this worker counts, every second."""
        if self._folder is not None:
            self._task = asyncio.create_task(self._keep_writing())

    async def _keep_writing(self) -> None:
        while True:
            self._write()
            await asyncio.sleep(_INTERVAL_S)

    def _write(self) -> None:
        if self._folder is None:
            return
        written = self._folder / f"{self._own}.new"
        with suppress(OSError):  # a full disk does not stop a service
            written.write_text(json.dumps(snapshot()), encoding="utf-8")
            written.rename(self._folder / self._own)

    def numbers(self) -> Snapshot:
        """Add up the numbers of all workers.

        Those of the others are a second old at most.
        """
        snapshots = [snapshot()]
        if self._folder is not None:
            for file in self._folder.glob("*.json"):
                if file.name != self._own:
                    snapshots.append(json.loads(file.read_text(encoding="utf-8")))
        return added_up(snapshots)

    def close(self) -> None:
        """Leave the last numbers to the other workers."""
        if self._task is not None:
            self._task.cancel()
            self._write()
