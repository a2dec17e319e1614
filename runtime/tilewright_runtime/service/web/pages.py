"""Shows a page of the service for each address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode

from tilewright_compiler.plan.metrics import TILE_FETCH_LATENCY
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.templates import pages

from ...errors import StoreError, TilewrightError
from ...fetch.explain import explain_request
from ...metrics import Snapshot
from ...operate.doctor import examine, unreachable
from ...operate.prometheus import exposition
from ...tiles.entities import typed_keys
from ...times import moment_ms
from ..bodies import write_json
from ..plans import ServedPlans
from ..problems import RequestError, refused
from ..responses import Response
from .heat_map import heat_map
from .views import (
    answer_names,
    covers,
    doctor_view,
    fetch_view,
    freshness,
    now_text,
    plan_view,
)

_HERE = Path(__file__).parent
_HTML = "text/html; charset=utf-8"
STATIC = {"style.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}
#: Nothing is loaded but the service's own style and script, and nobody may frame the page.
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}

#: Where the pages of a service are. Files end otherwise, and bring covers along.
_LIVE: Mapping[str, Any] = {"root": "/ui", "ending": "", "moments": ()}

Parameters = Mapping[str, str]
View = Callable[[Plan, Parameters], Response]


class Pages:
    """Answers the addresses below /ui. It reads and changes nothing."""

    def __init__(self, plans: ServedPlans, numbers: Callable[[], Snapshot]) -> None:
        self._plans = plans
        self._numbers = numbers
        self._views: dict[str, View] = {
            "": self._plan,
            "covers": self._covers,
            "fetch": self._fetch,
            "entity": self._entity,
            "doctor": self._doctor,
        }
        for template in _templates().list_templates():
            _templates().get_template(template)  # compiled before the first page is asked for

    def respond(self, path: str, query: bytes) -> Response:
        """Answer an address.

        What is wrong with it is a page too.
        """
        try:
            return self._find(path, _parameters(query))
        except Exception as error:
            wrong = refused(error)
            return html("error.html", wrong.status, message=wrong.message, number=wrong.status)

    def _find(self, path: str, parameters: Parameters) -> Response:
        parts = path.strip("/").split("/")[1:]
        match parts:
            case []:
                return self._list()
            case ["live"]:
                chosen = parameters.get("plan")
                if chosen:
                    self._plans.find(chosen)
                return html("live.html", names=list(self._plans.plans), chosen=chosen)
            case ["live.json"]:
                return self._live_figures()
            case ["static", name] if name in STATIC:
                return static(name)
            case ["plans", name, *rest] if len(rest) < 2 and "".join(rest) in self._views:
                plan = self._plans.find(unquote(name))
                return self._views["".join(rest)](plan, parameters)
        raise RequestError("not_found", f"there is no page {unquote(path)}.")

    def _list(self) -> Response:
        progress = self._plans.progress()
        listed = []
        for name, plan in self._plans.plans.items():
            listed.append((plan, answer_names(plan), freshness(plan, progress.get(name))))
        return html("plans.html", plans=listed, store=self._plans.store.url)

    def _live_figures(self) -> Response:
        """Give what the charts are drawn from."""
        late = {}
        for name, progress in self._plans.count_staleness().items():
            late[name] = (progress.corrections, progress.too_late)
        bounds = TILE_FETCH_LATENCY.buckets
        figures = {"numbers": self._numbers(), "bounds": bounds, "late": late}
        return Response(write_json(figures), headers=_HEADERS)

    def _plan(self, plan: Plan, parameters: Parameters) -> Response:
        return html("plan.html", **plan_view(plan, moment_ms(parameters.get("at"))))

    def _covers(self, plan: Plan, parameters: Parameters) -> Response:
        return html("covers.html", pictures=covers(plan, moment_ms(parameters.get("at"))))

    def _fetch(self, plan: Plan, parameters: Parameters) -> Response:
        """Show a form, and then the explained fetch."""
        shown: dict[str, Any] = {"plan": plan, **_form(plan, parameters), "explained": None}
        status = 200
        if shown["is_asked"]:
            try:
                keys = typed_keys(plan.keys, shown["keys"])
                fetcher = self._plans.fetcher(plan.name)
                request = fetcher.request(keys, parameters.get("at") or None)
                explanation = explain_request(fetcher.context_of(None, quality=True), request)
                shown["explained"] = fetch_view(fetcher, explanation)
            except TilewrightError as error:
                shown["wrong"] = str(error)
                status = refused(error).status
        return html("fetch.html", status, **shown)

    def _entity(self, plan: Plan, parameters: Parameters) -> Response:
        """Show a form, and then the entity's tiles."""
        form = _form(plan, parameters)
        until = parameters.get("until")
        shown: dict[str, Any] = {"plan": plan, **form, "maps": None, "until": until}
        shown["asked"] = urlencode({f"key.{name}": text for name, text in form["keys"].items()})
        status = 200
        if shown["is_asked"]:
            try:
                keys = typed_keys(plan.keys, shown["keys"])
                fetcher = self._plans.fetcher(plan.name)
                until_ms = moment_ms(until) if until else None
                shown["maps"] = heat_map(fetcher, fetcher.entity(keys), until_ms)
            except TilewrightError as error:
                shown["wrong"] = str(error)
                status = refused(error).status
        return html("entity.html", status, **shown)

    def _doctor(self, plan: Plan, _: Parameters) -> Response:
        """Show doctor's verdicts.

        What the service has counted is their evidence.
        """
        metrics, _type = exposition(self._numbers)
        store = self._plans.store
        try:
            diagnosis = examine(plan, store, metrics=metrics.decode())
        except StoreError as error:
            diagnosis = unreachable(plan, store.url, error)
        return html("doctor.html", **doctor_view(plan, diagnosis))


def _parameters(query: bytes) -> Parameters:
    named = parse_qs(query.decode("latin-1"), keep_blank_values=True)
    return {name: values[-1] for name, values in named.items()}


def _form(plan: Plan, parameters: Parameters) -> dict[str, Any]:
    """Read the keys of a form.

    None is asked for before it is sent.
    """
    keys = {}
    for column in plan.keys:
        keys[column.name] = parameters.get(f"key.{column.name}", "")
    is_asked = any(name.startswith("key.") for name in parameters)
    return {"keys": keys, "is_asked": is_asked, "at": parameters.get("at", ""), "wrong": None}


def html(template: str, status: int = 200, **shown: Any) -> Response:
    """Fill in a template.

    Whatever an author or a client wrote is escaped.
    """
    return Response(render(template, **_LIVE, **shown), status, _HTML, _HEADERS)


def render(template: str, **shown: Any) -> bytes:
    """Fill in a template of a page or a file."""
    text: str = _templates().get_template(template).render(now=now_text(), **shown)
    return text.encode("utf-8", "backslashreplace")


@cache
def _templates() -> Any:
    environment = pages(_HERE / "templates")
    environment.filters["quoted"] = lambda text: quote(str(text), safe="")
    return environment


@cache
def static(name: str) -> Response:
    """Give the style or the script."""
    content = (_HERE / "static" / name).read_bytes()
    return Response(content, 200, STATIC[name], _HEADERS | {"cache-control": "max-age=3600"})
