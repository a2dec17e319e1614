"""A service in a thread of the tests, and one as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from support.servers import end_with_parent
from support.waiting import wait_until
from tilewright_runtime.service.server import Listening, listen, server_config
from tilewright_runtime.service.settings import ServiceSettings


@contextmanager
def serving(plans: list[Path], store: str, **settings: Any) -> Iterator[httpx.Client]:
    """A client of a service that ends with the block."""
    options: dict[str, Any] = {"access_log": False, **settings}
    where = Listening("127.0.0.1", 0)
    with listen(where) as opened:
        config = server_config(ServiceSettings([str(p) for p in plans], store, **options), where)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([opened],))
        thread.start()
        try:
            wait_until(lambda: server.started or not thread.is_alive(), "the service starts")
            url = f"http://127.0.0.1:{opened.getsockname()[1]}"
            with httpx.Client(base_url=url, timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


class ServiceProcess:
    """`tilewright serve` as a process."""

    def __init__(self, *arguments: str | Path, **environment: str) -> None:
        command = [sys.executable, "-m", "tilewright_runtime.cli", "serve", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment or None,
            preexec_fn=end_with_parent,
        )
        assert self.process.stderr is not None
        self.greeting = self.process.stderr.readline()
        self.url = self.greeting.rpartition(" at ")[2].strip()

    def stop(self, how: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Ends it: its exit status and what it printed."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=90)
        return self.process.returncode, out, err
