"""What servers that tests start have in common: a free port, and an end with the tests."""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from random import SystemRandom

#: Below those that the kernel gives to connections.
_PORTS = range(15_000, 32_000)
_RANDOM = SystemRandom()
_SIGNAL_OF_A_DEAD_PARENT = 1  # PR_SET_PDEATHSIG


def free_port() -> int:
    """A port of this machine that nobody listens at, nor gets for a connection before a server
    does.
    """
    while True:
        # Hypothesis sets the seed of the shared generator, alike in all processes of the tests.
        port = _RANDOM.choice(_PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def end_with_parent() -> None:
    """For `preexec_fn`: a server does not outlive tests that were killed."""
    ctypes.CDLL(None).prctl(_SIGNAL_OF_A_DEAD_PARENT, signal.SIGKILL)


def make_certificate(folder: Path) -> Path:
    """A certificate of this machine in `cert.pem`, with its key in `key.pem`."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    request = ["openssl", "req", "-x509", *curve, "-nodes", "-days", "2", *subject]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*request, *files], check=True, capture_output=True)
    return certificate
