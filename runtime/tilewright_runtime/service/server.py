"""Runs the service: its socket, its workers, and their end."""

from __future__ import annotations

import signal
import socket
import ssl
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tilewright.documents import read_document

from ..boundary import describe
from .settings import ServiceSettings, ServiceStartError

if TYPE_CHECKING:
    import uvicorn

    from .app import Service

#: Connections that may wait to be accepted.
_BACKLOG = 2048
#: Longer than clients usually keep idle connections, so that none is closed as it is used again.
_KEEP_ALIVE_S = 75
#: A worker that has not answered the server for so long is replaced. On a busy machine one may need
#: some seconds to start, or to get its turn; one that died is seen at once.
_WORKER_ANSWERS_S = 30
#: What requests that run at the end get beyond their own limit.
_GRACE_S = 5


@dataclass(frozen=True)
class Listening:
    """Where a service listens, and how."""

    host: str
    port: int
    workers: int = 1
    certificate: Path | None = None
    key: Path | None = None

    @property
    def scheme(self) -> str:
        """The scheme of its URL."""
        return "http" if self.certificate is None else "https"


def listen(where: Listening) -> socket.socket:
    """Open the socket that all workers accept from.

    Raises ServiceStartError if the port is taken, or the certificate cannot be used.
    """
    if where.certificate is not None:
        _check_certificate(where.certificate, where.key)
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    try:
        address = socket.getaddrinfo(where.host, where.port, family, socket.SOCK_STREAM)[0][4]
        opened = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no host has such a name"
        raise ServiceStartError(
            f"{where.host}, port {where.port}, cannot be listened at ({reason}). Name "
            "another with --host and --port, or stop what uses it."
        ) from None
    opened.set_inheritable(True)
    return opened


def _check_certificate(certificate: Path, key: Path | None) -> None:
    try:
        for file in filter(None, (certificate, key)):
            read_document(file)  # a device without an end would be read for ever
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ServiceStartError(
            f"{certificate}: not a certificate with its key ({describe(error)}). Name PEM files "
            "with --tls-cert and --tls-key."
        ) from None


def run(settings: ServiceSettings, where: Listening, opened: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT.

    Requests that run then are answered first.
    """
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    config = server_config(settings, where)
    # The server hands a signal on when it has ended. It has been obeyed then.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _obeyed)
    if where.workers > 1:
        Multiprocess(config, sockets=[opened]).run()
    else:
        uvicorn.Server(config).run(sockets=[opened])


def server_config(settings: ServiceSettings, where: Listening) -> uvicorn.Config:
    """Configure the server."""
    import uvicorn

    from .protocol import TimedConnection

    # Called as the class of connections is.
    connection: Any = partial(TimedConnection, head_s=settings.limits.seconds)
    return uvicorn.Config(
        partial(_make, settings),  # each worker makes its own
        factory=True,
        workers=where.workers,
        http=connection,
        loop="uvloop",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_worker_healthcheck=_WORKER_ANSWERS_S,
        timeout_graceful_shutdown=int(settings.limits.seconds) + _GRACE_S,
        ssl_certfile=where.certificate,
        ssl_keyfile=where.key,
    )


def _make(settings: ServiceSettings) -> Service:
    from .app import Service

    return Service(settings)


def _obeyed(*_: Any) -> None:
    """Do nothing."""
