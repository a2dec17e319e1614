"""The pages as they are sent: what they show, and what they do not let in."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from support.cli import Desk
from support.plans import AT, DAY, HOUR, MINUTE
from support.service import serving
from support.session import row

SCRIPT = "<script>alert(1)</script>"
PLAN = "/ui/plans/things"
PAGES = [
    "/ui",
    PLAN,
    f"{PLAN}/fetch",
    f"{PLAN}/fetch?key.k=a&at={AT}",
    f"{PLAN}/entity?key.k=a",
    f"{PLAN}/covers?at={AT}",
    f"{PLAN}/doctor",
    "/ui/live",
    "/ui/static/style.css",
    "/ui/static/page.js",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_elsewhere(site: httpx.Client, path: str) -> None:
    """No address of another host, no script or style within the page, and a policy that says so."""
    response = site.get(path)
    assert response.status_code == 200
    addresses = re.findall(r"https?://[^\s\"'<]+", response.text)
    assert set(addresses) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<style|style=|<script>|onclick=", response.text)
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy


def test_a_plan_is_shown_with_its_ladder_and_covers(site: httpx.Client) -> None:
    """At the time that is asked for."""
    text = site.get(f"{PLAN}?at={AT}").text
    for part in ("things", "n_sum_1h", "window 1h, sawtooth", "13 × 5m", "2024-01-04 14:37:25"):
        assert part in text


def test_a_fetch_is_explained(site: httpx.Client) -> None:
    """With its features, its quality, its steps and its tiles."""
    text = site.get(f"{PLAN}/fetch?key.k=a&at={AT}").text
    for part in ("n_max_1h", "watermark_age_ms", "1 range", "2024-01-04T14:35:00Z"):
        assert part in text


def test_an_entity_is_a_map_of_its_tiles(site: httpx.Client) -> None:
    """With a cell for each, which says how many events it has."""
    text = site.get(f"{PLAN}/entity?key.k=a").text
    assert "<title>2024-01-04T14:35:00Z: 2 events</title>" in text
    assert "no recent tiles" in site.get(f"{PLAN}/entity?key.k=nobody").text


def test_a_map_ends_before_a_time(site: httpx.Client) -> None:
    """If one is given: with the tile that holds it, or without any."""
    text = site.get(f"{PLAN}/entity?key.k=a&until=2024-01-04T14:40:00Z").text
    assert "2 events" in text and "Tiles before" not in text
    earlier = site.get(f"{PLAN}/entity?key.k=a&until=2024-01-04T14:35:00Z").text
    assert "no tiles of this entity before 2024-01-04T14:35:00Z" in earlier


def test_older_tiles_are_another_map(tmp_path: Path) -> None:
    """Where there are some, however long before, a link leads to those that are not drawn."""
    desk = Desk(tmp_path)
    desk.write(desk.events([row("a", 1), row("b", 1), row("a", 4, ts=AT - 30 * DAY)]))
    with serving([desk.plan], desk.store, ui=True) as client:
        text = client.get(f"{PLAN}/entity?key.k=a").text
        (link,) = re.findall(r'href="(\?key\.k=a&amp;until=[^"]+)"', text)
        assert "2023-12-05T14:35:00Z: 1 event" not in text
        earlier = client.get(f"{PLAN}/entity{unescape(link)}").text
        assert "2023-12-05T14:35:00Z: 1 event" in earlier and "Tiles before" not in earlier
        before = quote("2023-12-31T00:00:00Z")
        assert "none since 2023-12-27" in client.get(f"{PLAN}/entity?key.k=a&until={before}").text
        assert "Tiles before" not in client.get(f"{PLAN}/entity?key.k=b").text


def test_a_stale_plan_is_marked(site: httpx.Client) -> None:
    """Its newest event is older than an hour, and doctor is a link away."""
    text = site.get("/ui").text
    assert re.search(r'<span class="stale">newest event \d+d', text)
    assert f'href="{PLAN}/doctor"' in text


def test_late_events_are_figures_of_the_store(tmp_path: Path) -> None:
    """Whoever wrote: those merged into a tile that had ended, and those that were refused."""
    desk = Desk(tmp_path)
    late = [row("a", 1, ts=AT - 4 * MINUTE), row("a", 1, ts=AT - HOUR), row("a", 1, ts=AT - HOUR)]
    for name, rows in (("new.csv", [row("a", 1, ts=AT)]), ("late.csv", late)):
        desk.write(desk.events(rows, name), options=["--stream"])
    with serving([desk.plan], desk.store, ui=True) as client:
        assert client.get("/ui/live.json").json()["late"] == {"things": [1, 2]}


def test_many_plans_are_a_short_page(site: httpx.Client) -> None:
    """The list names features in one text each; what they are is on the plan's own page."""
    text = site.get("/ui").text
    assert "n_count_1h, n_sum_1h, n_max_1h, t_count_1h, t_last_1h" in text
    assert text.count("<td") == 0


@pytest.mark.parametrize("page", ["fetch", "entity"])
def test_what_a_client_writes_is_escaped(site: httpx.Client, page: str) -> None:
    """An entity named like a script is a text."""
    response = site.get(f"{PLAN}/{page}?key.k={quote(SCRIPT)}")
    assert (response.status_code, SCRIPT in response.text) == (200, False)
    assert "&lt;script&gt;" in response.text


@pytest.mark.parametrize("page", ["fetch?key.k=%00", "entity?key.k=a%00b", "%00"])
def test_a_page_has_no_control_characters(site: httpx.Client, page: str) -> None:
    """What a client writes with them is shown without."""
    response = site.get(f"{PLAN}/{page}")
    assert r"\x00" in response.text and "\0" not in response.text


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/ui/plans/thing", 404, "Did you mean &#39;things&#39;?"),
        (f"/ui/plans/{quote(SCRIPT, safe='')}", 404, "there is no plan"),
        ("/ui/live?plan=thing", 404, "Did you mean &#39;things&#39;?"),
        ("/ui/nothing", 404, "there is no page"),
        (f"{PLAN}?at=noon", 422, "neither ISO 8601"),
        (f"{PLAN}/fetch?key.k=a&at=noon", 422, "neither ISO 8601"),
    ],
)
def test_a_mistake_is_a_page(site: httpx.Client, path: str, status: int, message: str) -> None:
    """With what is wrong, and no trace of the program."""
    response = site.get(path)
    assert (response.status_code, message in response.text) == (status, True)
    assert "Traceback" not in response.text and SCRIPT not in response.text


def test_the_page_only_reads(site: httpx.Client) -> None:
    """Nothing but a token can be sent to it."""
    assert [site.request(method, PLAN).status_code for method in ("POST", "PUT")] == [405, 405]


def test_without_the_option_there_is_no_page(service: httpx.Client) -> None:
    """Nor a way to it."""
    assert [service.get(path).status_code for path in ("/", "/ui")] == [404, 404]


def test_a_token_is_asked_for(served_desk: Desk) -> None:
    """Once: a cookie, which says nothing of the token, stands for it afterwards."""
    with serving([served_desk.plan], served_desk.store, ui=True, tokens=[b"secret"]) as client:
        assert client.get("/ui").headers["location"] == "/ui/login"
        assert client.get("/ui/login").status_code == 200
        assert client.post("/ui/login", data={"token": "guess"}).status_code == 401
        moved = client.post("/ui/login", data={"token": "secret"})
        cookie = moved.headers["set-cookie"]
        assert (moved.status_code, moved.headers["location"]) == (303, "/ui")
        assert "HttpOnly; SameSite=Strict" in cookie and "secret" not in cookie
        assert client.get("/ui").status_code == 200
        assert client.get("/v1/plans").status_code == 401
        client.cookies.clear()
        assert client.get("/ui", headers={"authorization": "Bearer secret"}).status_code == 200


def test_a_store_without_tiles_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    """As a page, by doctor too."""
    from tilewright_runtime import open_store

    desk = Desk(tmp_path_factory.mktemp("empty"))
    open_store(desk.store).close()
    with serving([desk.plan], desk.store, ui=True) as client:
        assert client.get(f"{PLAN}/fetch?key.k=a").status_code == 503
        assert "the store cannot be read" in client.get(f"{PLAN}/doctor").text
