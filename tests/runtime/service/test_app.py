"""The service's answers: rows in Chronon's shape, several GroupBys, and what is refused."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from support.cli import Desk
from support.plans import AT, HOUR
from support.redis_server import RedisServer
from support.service import serving
from support.session import row
from support.waiting import wait_until
from tilewright_runtime import open_store
from tilewright_runtime.service.settings import Limits

URL = "/v1/features/groupby/things"
B_FEATURES = {"n_count_1h": 1, "n_sum_1h": 4, "n_max_1h": 4, "t_count_1h": 1, "t_last_1h": "é"}


def post(client: httpx.Client, body: Any, url: str = URL, **query: Any) -> httpx.Response:
    return client.post(url, json=body, params={"at": AT, **query})


def rows(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["results"]
    return found


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    """The status, code and message of an error, which also says what to do."""
    error = response.json()["error"]
    assert (error["status"], bool(error["advice"])) == (response.status_code, True)
    return response.status_code, error["code"], error["message"]


def test_keys_are_answered_row_by_row(service: httpx.Client) -> None:
    """Each row has its status, its keys and its features, in the order of the keys."""
    found = rows(post(service, [{"k": "b"}, {"k": "nobody"}]))
    assert found[0] == {"status": "Success", "entityKeys": {"k": "b"}, "features": B_FEATURES}
    assert [one["features"]["n_count_1h"] for one in found] == [1, 0]


def test_no_keys_are_no_rows(service: httpx.Client) -> None:
    """An empty list is answered by an empty list."""
    assert rows(post(service, [])) == []


def test_options_stand_beside_the_keys(service: httpx.Client) -> None:
    """An object holds the keys, the time, the features and whether quality is wanted."""
    body = {"keys": [{"k": "b"}], "at": AT, "features": ["n_sum_1h"], "quality": True}
    (found,) = rows(service.post(URL, json=body))
    assert (found["features"], "quality" in found) == ({"n_sum_1h": 4}, True)


def test_options_stand_in_the_url(service: httpx.Client) -> None:
    """Features are separated by commas, and the time may be ISO 8601."""
    query = {"features": "n_sum_1h,t_last_1h", "at": "2024-01-04T14:37:25Z"}
    (found,) = rows(post(service, [{"k": "b"}], **query))
    assert found["features"] == {"n_sum_1h": 4, "t_last_1h": "é"}


def test_quality_is_told_where_it_is_not_clean(service: httpx.Client) -> None:
    """A row whose head is cut says so, unless nothing is to be said."""
    (said,) = rows(post(service, [{"k": "a"}], at=AT - 1))
    (silent,) = rows(post(service, [{"k": "a"}], at=AT - 1, quality="false"))
    assert ("head_end_ms" in said["quality"], "quality" in silent) == (True, False)


def test_the_whole_quality_is_told_if_it_is_asked_for(service: httpx.Client) -> None:
    """As `Fetcher.fetch(quality=True)` has it."""
    (said,) = rows(post(service, [{"k": "a"}], quality="true"))
    quality = said["quality"]
    assert (quality["complete"], quality["newest_event_ms"]) == (True, AT - 1)


@pytest.mark.parametrize("query", [{"on_missing": "fail"}, {"max_staleness": "1h"}])
def test_a_policy_fails_rows_that_are_too_old(service: httpx.Client, query: dict[str, str]) -> None:
    """Nothing was written for two hours before the query time."""
    (said,) = rows(post(service, [{"k": "a"}], at=AT + 2 * HOUR, **query))
    assert (said["status"], said["code"]) == ("Failure", "missing_tiles")


def test_a_name_may_be_escaped(service: httpx.Client) -> None:
    """The name in the path is percent-encoded, as any text may be."""
    assert rows(post(service, [{"k": "b"}], url="/v1/features/groupby/%74hings")) != []


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"k": 3}, "3 is not a text"),
        ({"k": None}, "None is not a text"),
        ({"z": "a"}, "'z' is not in the plan: its keys are k"),
        ({}, "'k' is missing"),
        ([], "no object with the key columns k"),
    ],
)
def test_a_bad_key_fails_its_row_alone(service: httpx.Client, keys: Any, message: str) -> None:
    """The rows around it are answered."""
    found = rows(post(service, [{"k": "a"}, keys, {"k": "b"}]))
    assert [one["status"] for one in found] == ["Success", "Failure", "Success"]
    assert (found[1]["entityKeys"], found[1]["code"]) == (keys or {}, "bad_key")
    assert message in found[1]["error"]


def test_several_groupbys_are_answered_at_once(service: httpx.Client) -> None:
    """Each has its rows under its name, and an unknown one its error."""
    keys = [{"k": "b"}]
    body = {"at": AT, "groupbys": {"things": {"keys": keys, "features": ["n_sum_1h"]}, "thing": []}}
    response = service.post("/v1/features", json=body)
    found = response.json()["groupbys"]
    assert (response.status_code, found["things"]["results"][0]["features"]) == (
        200,
        {"n_sum_1h": 4},
    )
    assert "Did you mean 'things'?" in found["thing"]["error"]["message"]


def test_several_groupbys_that_all_fail_are_an_error(service: httpx.Client) -> None:
    """The status is that of the first failure."""
    assert service.post("/v1/features", json={"groupbys": {"thing": []}}).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 400, "not JSON"),
        (b"", 400, "not JSON"),
        (b"\xff", 400, "not JSON"),
        (b'[{"k": NaN}]', 400, "not JSON"),
        (b'[{"k": "a:", "k": "b"}]', 400, "has 'k' twice"),
        (b"[" * 5000, 400, "not JSON"),
        (b'"a"', 400, "no list of keys"),
        (b'{"k": "a"}', 400, "no 'k'"),
        (b'{"keys": [], "feature": []}', 400, "Did you mean 'features'?"),
        (b'{"keys": [], "features": "n_sum_1h"}', 422, "no list of names"),
        (b'{"keys": [], "features": ["n_su_1h"]}', 422, "Did you mean 'n_sum_1h'?"),
        (b'{"keys": [], "features": []}', 422, "names none"),
        (b'{"keys": [], "quality": 1}', 422, "neither true nor false"),
        (b'{"keys": [], "on_missing": "fial"}', 422, "Did you mean 'fail'?"),
        (b'{"keys": [], "max_staleness": 5}', 422, "not a duration"),
        (b'{"keys": [], "at": true}', 422, "is not a time"),
        (b'{"keys": [{"k": "a"}], "at": "noon"}', 422, "neither ISO 8601"),
        (b'{"keys": [{"k": "a"}], "at": 1704379045}', 422, "looks like seconds"),
        (json.dumps([{"k": "a"}] * 1001).encode(), 413, "1,001 keys, and 1,000 are the most"),
        (b" " * 1_100_000 + b"[]", 413, "more than 1,048,576 bytes"),
    ],
)
def test_a_bad_body_is_refused(
    service: httpx.Client, body: bytes, status: int, message: str
) -> None:
    """The status and the message say what is wrong with it, and the next request is answered."""
    found = refusal(service.post(URL, content=body))
    assert (found[0], message in found[2]) == (status, True), found
    assert service.get("/ping").text == "pong"


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("POST", "/v1/features/groupby/thing", 404, "Did you mean 'things'?"),
        ("GET", "/v1/feature", 404, "no path"),
        ("GET", URL, 405, "not for GET"),
        ("DELETE", "/ping", 405, "not for DELETE"),
        ("POST", f"{URL}?when=1", 400, "no parameter 'when'"),
        ("POST", f"{URL}?quality=perhaps", 422, "neither true nor false"),
    ],
)
def test_a_bad_address_is_refused(
    service: httpx.Client, method: str, path: str, status: int, message: str
) -> None:
    """The message names what is there instead."""
    found = refusal(service.request(method, path))
    assert (found[0], message in found[2]) == (status, True), found


def test_a_very_large_body_is_refused_with_an_answer(service: httpx.Client) -> None:
    """A client that sends 100 MB sees why, as it is read to its end and not kept."""
    parts = (b"0" * 1_000_000 for _ in range(100))
    assert refusal(service.post(URL, content=parts))[:2] == (413, "body_too_large")


def test_the_plans_are_listed(service: httpx.Client) -> None:
    """With their keys and features, and the types of both."""
    (plan,) = service.get("/v1/plans").json()["plans"]
    assert (plan["name"], plan["keys"]) == ("things", [{"name": "k", "type": "VARCHAR"}])
    assert plan["features"][1] == {
        "name": "n_sum_1h",
        "type": "BIGINT",
        "operation": "SUM",
        "input": "n",
        "window": "1h",
    }


def test_probes_need_no_token(served_desk: Desk) -> None:
    """Whatever else is asked for needs one of the tokens."""
    with serving([served_desk.plan], served_desk.store, tokens=[b"one", b"two"]) as client:
        states = {path: client.get(path).status_code for path in ("/ping", "/healthz", "/readyz")}
        assert set(states.values()) == {200}
        sent = [None, "Bearer", "Bearer three", "Basic one", "Bearer two", "bearer one"]
        found = [
            client.get("/v1/plans", headers={"authorization": each} if each else {}).status_code
            for each in sent
        ]
        assert found == [401, 401, 401, 401, 200, 200]


def test_a_service_may_start_before_its_tiles(served_desk: Desk, tmp_path: Path) -> None:
    """It is not ready, and says why, until they are written."""
    empty = Desk(tmp_path)
    open_store(empty.store).close()
    with serving([empty.plan], empty.store) as client:
        early = client.get("/readyz")
        assert (early.status_code, early.json()["status"]) == (503, "not ready")
        assert refusal(post(client, [{"k": "a"}]))[:2] == (503, "store_unavailable")
        several = client.post("/v1/features", json={"groupbys": {"things": [{"k": "a"}]}})
        assert (several.status_code, several.headers["retry-after"]) == (503, "1")
        empty.write(served_desk.folder / "events.csv")
        assert client.get("/readyz").status_code == 200
        assert rows(post(client, [{"k": "b"}]))[0]["features"] == B_FEATURES


def test_a_client_may_hang_up(service: httpx.Client) -> None:
    """Half a request, or one whose answer nobody reads, leaves no connection behind."""
    address = (service.base_url.host, service.base_url.port or 80)
    head = f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n".encode()
    for sent in (head, head + b"[", head[:20]):
        with socket.create_connection(address) as connection:
            connection.sendall(sent)
    assert rows(post(service, [{"k": "b"}])) != []


def test_a_body_that_does_not_come_is_not_waited_for(served_desk: Desk) -> None:
    """The time of a request is limited, from its head on."""
    limits = Limits(seconds=0.2)
    with serving([served_desk.plan], served_desk.store, limits=limits) as client:
        address = (client.base_url.host, client.base_url.port or 80)
        with socket.create_connection(address, timeout=10) as connection:
            connection.sendall(
                b"POST /v1/features HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n["
            )
            assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_damaged_record_fails_its_row_alone(desk: Desk) -> None:
    """The row names the tile, and the others are answered."""
    with open_store(desk.store, create=False) as store:
        _damage(store, "a")
    with serving([desk.plan], desk.store) as client:
        found = rows(post(client, [{"k": "b"}, {"k": "a"}]))
    assert [one["status"] for one in found] == ["Success", "Failure"]
    assert (found[1]["code"], "tiles::things::{s=a}" in found[1]["error"]) == (
        "damaged_record",
        True,
    )


def _damage(store: Any, key: str) -> None:
    """Changes a byte of each tile of a key."""

    def work(transaction: Any) -> None:
        for keys, records in list(store.tiles("things")):
            mine = np.flatnonzero([keys.entities[index] == f"s={key}" for index in keys.entity])
            damaged = [records[i][:-1] + bytes([records[i][-1] ^ 1]) for i in mine]
            transaction.put_tiles(keys.take(mine), damaged)

    store.transact(work)


@pytest.fixture
def distant(own_server: RedisServer, tmp_path: Path) -> Desk:
    """A plan whose tiles lie in a Redis of the test's own."""
    desk = Desk(tmp_path)
    desk.store = own_server.url()
    desk.write(desk.events([row("a", 1)]), options=["--state", tmp_path / "state"])
    return desk


def test_a_store_that_dies_is_told(own_server: RedisServer, distant: Desk) -> None:
    """Requests fail with a status of their own while it is away, and succeed when it is back."""
    with serving([distant.plan], f"{distant.store}?socket_timeout=1", ui=True) as client:
        assert rows(post(client, [{"k": "a"}]))[0]["features"]["n_sum_1h"] == 1
        own_server.pause()
        assert refusal(post(client, [{"k": "a"}]))[:2] == (503, "store_unavailable")
        assert client.get("/readyz").status_code == 503
        own_server.resume()
        wait_until(lambda: client.get("/readyz").status_code == 200, "the store is back")
        own_server.stop()
        assert refusal(post(client, [{"k": "a"}]))[:2] == (503, "store_unavailable")
        assert "the store cannot be read" in client.get("/ui").text
        assert client.get("/healthz").status_code == 200


def test_a_slow_store_is_not_waited_for(own_server: RedisServer, distant: Desk) -> None:
    """A request ends when its time is over, whatever the store's own time-out."""
    store, limits = f"{distant.store}?socket_timeout=3", Limits(seconds=0.5)
    with serving([distant.plan], store, limits=limits) as client:
        post(client, [{"k": "a"}])
        own_server.pause()
        assert refusal(post(client, [{"k": "a"}]))[:2] == (504, "timeout")
        own_server.resume()


def test_what_was_counted_is_exported(service: httpx.Client) -> None:
    """Each answered key is a fetch of its plan."""
    before = fetches(service)
    post(service, [{"k": "a"}, {"k": "b"}])
    assert fetches(service) == before + 2
    stale = 'tilewright_tile_staleness_seconds_count{plan="things"}'
    assert stale in service.get("/metrics").text


def fetches(client: httpx.Client) -> float:
    """How many fetches were counted."""
    name = 'tilewright_tiles_per_request_count{plan="things"} '
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))
