"""The clients: what they send, what they give, and how often they try."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from support.cli import Desk
from support.plans import AT
from support.servers import free_port
from support.service import serving
from tilewright_runtime import AsyncClient, Client
from tilewright_runtime.service.client import Row, ServiceError

FEATURES = {"n_sum_1h": 4}


@pytest.fixture
def client(service: httpx.Client) -> Iterator[Client]:
    """A client of the shared service."""
    with Client(str(service.base_url)) as client:
        yield client


def test_a_row_is_fetched(client: Client) -> None:
    """With the options of a fetcher."""
    when = datetime.fromtimestamp(AT / 1000, UTC)
    row = client.fetch("things", {"k": "b"}, at=when, features=["n_sum_1h"])
    assert row == Row({"k": "b"}, FEATURES)


def test_rows_are_fetched_in_order(client: Client) -> None:
    """One that cannot be answered has an error instead of features."""
    good, bad = client.fetch_many("things", [{"k": "b"}, {"k": 1}], AT, features=["n_sum_1h"])
    assert (good.features, bad.code, bad.features) == (FEATURES, "bad_key", {})


def test_a_single_row_that_fails_raises(client: Client) -> None:
    """The error says what the row says."""
    with pytest.raises(ServiceError, match="1 is not a text"):
        client.fetch("things", {"k": 1})


def test_several_groupbys_are_fetched(client: Client) -> None:
    """By their names."""
    rows = client.fetch_groups({"things": [{"k": "b"}]}, AT, features=["n_sum_1h"])
    assert rows == {"things": [Row({"k": "b"}, FEATURES)]}


def test_an_error_has_its_status_and_code(client: Client) -> None:
    """As the service gives them, with the nearest name."""
    for call in (client.fetch_many, lambda name, keys: client.fetch_groups({name: keys})):
        with pytest.raises(ServiceError, match="Did you mean 'things'") as raised:
            call("thing", [{"k": "b"}])
        assert (raised.value.status, raised.value.code) == (404, "unknown_plan")


def test_the_awaited_client_gives_the_same(client: Client) -> None:
    """For each of its calls."""

    async def ask(url: str) -> list[Any]:
        async with AsyncClient(url) as awaited:
            tasks = [awaited.fetch("things", {"k": key}, AT) for key in ("a", "b")]
            groups = await awaited.fetch_groups({"things": [{"k": "a"}]}, AT)
            return [*await asyncio.gather(*tasks), groups["things"], await awaited.plans()]

    found = asyncio.run(ask(str(client._http.base_url)))
    rows = client.fetch_many("things", [{"k": "a"}, {"k": "b"}], AT)
    assert found == [*rows, rows[:1], client.plans()]


def test_a_token_is_sent(served_desk: Desk) -> None:
    """With it the service answers."""
    with serving([served_desk.plan], served_desk.store, tokens=[b"secret"]) as service:
        url = str(service.base_url)
        with Client(url, token="secret") as client:
            assert client.plans()[0]["name"] == "things"
        with Client(url) as client, pytest.raises(ServiceError, match="Bearer"):
            client.plans()


def test_nobody_at_the_address_is_told() -> None:
    """With the address."""
    with (
        Client(f"http://127.0.0.1:{free_port()}", retries=0) as client,
        pytest.raises(ServiceError, match=r"http://127.0.0.1:\d+ cannot be reached") as raised,
    ):
        client.plans()
    assert (raised.value.status, raised.value.code) == (None, "unreachable")


@contextmanager
def scripted(*answers: tuple[int, bytes]) -> Iterator[str]:
    """The URL of a server with an answer for each request; the last one is for all further."""
    waiting = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.send_header("retry-after", "0")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_is_not_ready_is_asked_again() -> None:
    """As often as is allowed."""
    away = (503, b"{}")
    ready = (200, b'{"plans": []}')
    with scripted(away, away, ready) as url, Client(url, retries=2) as client:
        assert client.plans() == []
    with (
        scripted(away, away, ready) as url,
        Client(url, retries=1) as client,
        pytest.raises(ServiceError) as raised,
    ):
        client.plans()
    assert raised.value.status == 503


def test_another_server_is_told_apart() -> None:
    """A page of something else is no answer."""
    with (
        scripted((200, b"<html>")) as url,
        Client(url) as client,
        pytest.raises(ServiceError, match="not as tilewright serve does"),
    ):
        client.plans()


@pytest.mark.parametrize("url", ["http://a\0b", "http://a\ud800b", "http://h:port"])
def test_an_address_that_cannot_be_is_an_error(url: str) -> None:
    """Before anything is asked."""
    for kind in (Client, AsyncClient):
        with pytest.raises(ServiceError, match="is no address of a service"):
            kind(url)


def test_a_token_that_cannot_be_sent_is_not_shown() -> None:
    """No header holds the end of a line."""
    with pytest.raises(ServiceError, match=r"^the token has a character that no header holds\.$"):
        Client("http://localhost", token="s3cret\n")
