"""What a service tells doctor of itself, and what is said of one that does not."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from support.servers import make_certificate
from tilewright_runtime.errors import InputError
from tilewright_runtime.operate.service_numbers import ServiceNumbers, ask_service


@contextmanager
def answering(answer: bytes, certificate: Path | None = None) -> Iterator[int]:
    """A server at 127.0.0.1 that gives one connection an answer; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate is not None:
        context.load_cert_chain(certificate, certificate.with_name("key.pem"))

    def serve() -> None:
        connection, _ = listening.accept()
        with closing(connection):
            if certificate is not None:
                try:
                    connection = context.wrap_socket(connection, server_side=True)
                except OSError:  # the client takes no such certificate
                    return
            connection.recv(1 << 16)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def refusal(url: str) -> str:
    """The message about a service that cannot be asked."""
    with pytest.raises(InputError) as refused:
        ask_service(url)
    return str(refused.value)


def test_a_service_that_does_not_speak_http_is_an_error() -> None:
    """Such as a store's port given by mistake."""
    with answering(b"-ERR unknown command\r\n") as port:
        said = refusal(f"http://127.0.0.1:{port}")
    assert "cannot be read" in said
    assert "See whether its address is right" in said


def test_a_service_that_is_away_has_to_be_started() -> None:
    """Nothing listens at its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert "Start the service" in refusal(f"http://127.0.0.1:{port}")


def test_a_certificate_that_nobody_vouches_for_is_told(tmp_path: Path) -> None:
    """The service runs, so what is wanted is its authority's file."""
    with answering(b"", make_certificate(tmp_path)) as port:
        said = refusal(f"https://127.0.0.1:{port}")
    assert "a certificate that is not accepted here (self-signed certificate)" in said
    assert said.endswith("Name the file of who signed it (PEM) in SSL_CERT_FILE.")


def test_a_certificate_of_another_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one of 127.0.0.1 is not for localhost."""
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with answering(b"", certificate) as port:
        said = refusal(f"https://localhost:{port}")
    assert "certificate is not valid for 'localhost'). Ask by a name that it is for." in said


def test_a_service_without_tls_is_told() -> None:
    """It was asked by https."""
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        said = refusal(f"https://127.0.0.1:{port}")
    assert said.endswith("Does it begin with http://?")


def test_numbers_that_are_none_are_passed_over() -> None:
    """Whoever serves such metrics."""
    exposition = "\n".join(
        f'tilewright_tile_fetch_latency_seconds_bucket{{plan="p",le="{bound}"}} {count}'
        for bound, count in [("x", "1"), ("0.5", "1.2.3"), ("0.5", "1e999"), ("+Inf", "2")]
    )
    assert ServiceNumbers.read(exposition, "p").fetches == [(float("inf"), 2.0)]
