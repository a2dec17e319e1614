"""A Redis for a benchmark: on a free port, with nothing on disk, ended with the block."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def local_redis(folder: Path) -> Iterator[int]:
    """The port of a server of our own."""
    port = free_port()
    quiet = [
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(folder),
        "--logfile",
        str(folder / "redis.log"),
    ]
    with subprocess.Popen(["redis-server", "--port", str(port), *quiet]) as server:
        try:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.01)
            yield port
        finally:
            server.terminate()
