"""`tilewright serve` as a process: how it starts, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import threading
from pathlib import Path

import httpx
import pytest

from support.cli import Desk
from support.plans import AT
from support.servers import make_certificate
from support.service import ServiceProcess
from support.session import row
from support.waiting import wait_until

URL = "/v1/features/groupby/things"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A store with an event."""
    desk = Desk(tmp_path_factory.mktemp("served"))
    desk.write(desk.events([row("a", 1)]))
    return desk


def ask(client: httpx.Client) -> int:
    """The sum of a key's numbers, as a service answers."""
    found = client.post(URL, json=[{"k": "a"}], params={"at": AT}).json()
    total: int = found["results"][0]["features"]["n_sum_1h"]
    return total


@pytest.mark.parametrize(("workers", "how"), [(1, signal.SIGINT), (2, signal.SIGTERM)])
def test_a_signal_ends_it_in_order(desk: Desk, workers: int, how: int) -> None:
    """The exit status is 0, and each request has its line in the access log."""
    service = ServiceProcess(desk.plan, "--store", desk.store, "--workers", str(workers))
    assert service.greeting.startswith("serving things at http://127.0.0.1:")
    with httpx.Client(base_url=service.url, timeout=30) as client:
        assert ask(client) == 1
    status, out, err = service.stop(how)
    (line,) = map(json.loads, out.splitlines())
    noted = {name: line[name] for name in ("method", "path", "status", "keys", "groupby")}
    assert (status, err) == (0, "")
    assert noted == {"method": "POST", "path": URL, "status": 200, "keys": 1, "groupby": "things"}


def test_workers_export_what_all_have_counted(desk: Desk, tmp_path: Path) -> None:
    """Whichever is asked; their caches share a folder."""
    caching = f"--cache 1000000 --cache-folder {tmp_path} --cache-folder-bytes 2000000".split()
    service = ServiceProcess(desk.plan, "--store", desk.store, "--workers", "2", *caching)
    name = 'tilewright_tiles_per_request_count{plan="things"} 20.0'
    for _ in range(20):  # each by a connection of its own, which any worker may take
        with httpx.Client(base_url=service.url, timeout=30) as client:
            assert ask(client) == 1
    for _ in range(4):
        with httpx.Client(base_url=service.url, timeout=30) as client:
            wait_until(lambda: name in client.get("/metrics").text, "all are counted")
    exported = httpx.get(f"{service.url}/metrics").text
    for counted in ("hit_rate", "hits_total", "bytes", "folder_bytes"):
        assert f'\ntilewright_cache_{counted}{{plan="things"}}' in exported
    assert service.stop()[0] == 0


def test_a_folder_that_cannot_be_used_is_said_at_once(desk: Desk, tmp_path: Path) -> None:
    """Before anything is served."""
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "cache"
    ran = desk.run("serve", desk.plan, "--store", desk.store, "--cache-folder", folder)
    assert ran.status == 1
    assert f"cache folder {folder} cannot be used" in ran.err


def test_a_request_that_runs_is_answered_first(desk: Desk) -> None:
    """A body that is under way at the signal still gets its answer."""
    service = ServiceProcess(desk.plan, "--store", desk.store, "--no-access-log")
    host, _, port = service.url.removeprefix("http://").partition(":")
    body = json.dumps([{"k": "a"}]).encode()
    head = f"POST {URL}?at={AT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode() + body[:5])
        assert httpx.get(f"{service.url}/ping").text == "pong"
        ended = threading.Thread(target=service.stop)
        ended.start()
        connection.sendall(body[5:])
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        ended.join()
    assert service.process.returncode == 0


def test_it_speaks_tls(desk: Desk, tmp_path: Path) -> None:
    """With a certificate it is reached by https, and a token lets clients in."""
    certificate, tokens = make_certificate(tmp_path), tmp_path / "tokens"
    tokens.write_text("secret\n")
    service = ServiceProcess(
        desk.plan,
        "--store",
        desk.store,
        "--tls-cert",
        certificate,
        "--tls-key",
        tmp_path / "key.pem",
        "--token-file",
        tokens,
    )
    trusted = ssl.create_default_context(cafile=str(certificate))
    with httpx.Client(base_url=service.url, verify=trusted, timeout=30) as client:
        assert client.get("/v1/plans").status_code == 401
        client.headers["authorization"] = "Bearer secret"
        assert ask(client) == 1
    assert service.stop()[0] == 0


def test_what_cannot_start_says_why(desk: Desk, tmp_path: Path) -> None:
    """A line on standard error, and the status of the mistake."""
    (tmp_path / "empty").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        cases: list[tuple[list[str | Path], int, str]] = [
            ([desk.plan, "--store", desk.store, "--port", port], 1, "cannot be listened at"),
            ([desk.plan, desk.plan, "--store", desk.store], 1, "both of the plan things"),
            ([desk.plan, "--store", f"lmdb:{tmp_path}/none"], 1, "there is none"),
            ([tmp_path / "none", "--store", desk.store], 1, "there is no plan"),
            ([desk.plan, "--store", desk.store, "--token-file", tmp_path / "empty"], 1, "no token"),
            ([desk.plan, "--store", desk.store, "--token-file", "/dev/full"], 1, "no regular file"),
            ([desk.plan, "--store", desk.store, "--tls-cert", "/dev/full"], 1, "no regular file"),
            ([desk.plan, "--store", desk.store, "--host", "x" * 70], 1, "no host has such a name"),
            (
                [desk.plan, "--store", desk.store, "--tls-cert", tmp_path / "empty"],
                1,
                "not a certificate",
            ),
            ([desk.plan, "--store", desk.store, "--tls-key", tmp_path / "empty"], 2, "--tls-cert"),
        ]
        for arguments, status, message in cases:
            ran = desk.run("serve", *arguments)
            assert (ran.status, message in ran.err) == (status, True), ran
