"""Connections that send no head, or none that ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from support.cli import Desk
from support.service import serving
from tilewright_runtime.service.settings import Limits


@pytest.fixture(scope="module")
def impatient(served_desk: Desk) -> Iterator[httpx.Client]:
    """A service that waits for a fifth of a second."""
    limits = Limits(seconds=0.2)
    with serving([served_desk.plan], served_desk.store, limits=limits) as client:
        yield client


def answer_to(service: httpx.Client, sent: bytes) -> bytes:
    """All that comes until the service closes a connection."""
    address = (str(service.base_url.host), int(service.base_url.port or 0))
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(sent)
        with connection.makefile("rb") as answered:
            return answered.read()


def test_a_head_that_never_ends_is_refused(impatient: httpx.Client) -> None:
    """With the status for it, and what to do."""
    answer = answer_to(impatient, b"GET /ping HTTP/1.1\r\nhost: x\r\n")
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b'"code":"request_timeout","message":"the head of the request did not come' in answer


def test_a_second_head_that_never_ends_is_refused(impatient: httpx.Client) -> None:
    """The request before it is answered."""
    answer = answer_to(impatient, b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\nGET /pi")
    first, _, second = answer.partition(b"pong")
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert second.startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_a_connection_that_sends_nothing_is_closed(impatient: httpx.Client) -> None:
    """Without an answer, which nobody asked for."""
    assert answer_to(impatient, b"") == b""
