"""A Redis server of our own: on a free port of this machine, with its files in a folder of a
test.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from support.servers import end_with_parent, free_port, make_certificate
from support.waiting import wait_until

_PATIENCE_S = 90


class RedisServer:
    """A server that can be stopped and started again on the same port; it keeps nothing on disk
    unless its options say so.
    """

    def __init__(self, folder: Path, *options: str, tls: bool = False) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        #: For the other nodes of a cluster. By default it lies where connections get theirs.
        self.bus_port = free_port()
        self._options = options
        self._tls = tls
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self.start()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        program = shutil.which("redis-server")
        assert program, (
            "redis-server is missing: scripts/bootstrap installs it (Debian's redis-server)"
        )
        ports = (
            ["--port", "0", "--tls-port", str(self.port)]
            if self._tls
            else ["--port", str(self.port)]
        )
        quiet = [
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--databases",
            "10000",
            "--dir",
            str(self.folder),
            "--cluster-port",
            str(self.bus_port),
        ]
        self._process = subprocess.Popen(
            [program, *ports, *quiet, "--logfile", str(self.folder / "redis.log"), *self._options],
            start_new_session=True,  # Ctrl-C in the terminal is for the tests, which then stop it
            preexec_fn=end_with_parent,
        )
        wait_until(self._listens, "redis-server listens")

    def _listens(self) -> bool:
        log = self.folder / "redis.log"
        assert self.is_running, f"redis-server ended:\n{log.read_text() if log.exists() else ''}"
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    def stop(self, how: int = signal.SIGTERM) -> None:
        """Ends it and waits until it has."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_PATIENCE_S)
            self._process = None

    def pause(self) -> None:
        """Stops it in the middle of whatever it does, as an overloaded machine would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def evict(self) -> None:
        """Lets some keys with a time to live go, as if its memory were full."""
        client = self.client()
        client.config_set("maxmemory-policy", "volatile-random")
        client.config_set("maxmemory", client.info()["used_memory"] - 20_000)
        with suppress(Exception):
            client.set("other", b"x" * 100)

    def allow_memory(self) -> None:
        """Lets no more keys go."""
        client = self.client()
        client.config_set("maxmemory", 0)
        client.config_set("maxmemory-policy", "noeviction")

    def url(self, database: int | None = None) -> str:
        """The URL of a database; of one that no test had yet, if none is named."""
        if database is None:
            self._databases += 1
            database = self._databases
        scheme, parameters = (
            ("rediss", f"?ssl_ca_certs={self.folder}/cert.pem") if self._tls else ("redis", "")
        )
        return f"{scheme}://127.0.0.1:{self.port}/{database}{parameters}"

    def client(self, database: int = 0, **options: Any) -> Any:
        """A client for what tests do behind the store's back."""
        import redis

        return redis.Redis(port=self.port, db=database, **options)


@contextmanager
def redis_server(folder: Path, *options: str, tls: bool = False) -> Iterator[RedisServer]:
    """A server that has ended when the block has."""
    server = RedisServer(folder, *options, tls=tls)
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)  # also ends one that is paused


@contextmanager
def tls_server(folder: Path) -> Iterator[RedisServer]:
    """A server that is reached over TLS only, with a certificate of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate = make_certificate(folder)
    files = [
        "--tls-cert-file",
        str(certificate),
        "--tls-key-file",
        str(folder / "key.pem"),
        "--tls-auth-clients",
        "no",
    ]
    with redis_server(folder, *files, tls=True) as server:
        yield server
