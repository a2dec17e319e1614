"""Makes the service an ASGI application.

It has the routes, the token, the limits, and the errors as JSON.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ..operate.prometheus import exposition
from ..stores import open_store
from .access_log import AccessLog
from .answering import Answering
from .bodies import ClientGone, Receive, read_body, read_json, write_json
from .openapi import openapi_document
from .plans import ServedPlans, load_plans, plan_document
from .problems import RequestError, refused
from .requests import feature_request, query_options, require_features, several_requests
from .responses import TEXT, Response
from .settings import ServiceSettings
from .sharing import SharedMetrics
from .waiting import within

if TYPE_CHECKING:
    from .web.site import Site

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_WARMING_INTERVAL_S = 60
_GROUPBY = "/v1/features/groupby/"
_UNAVAILABLE = 503
#: Paths that are open to whoever asks whether the service lives.
_OPEN = frozenset({"/ping", "/healthz", "/readyz"})


@dataclass(slots=True)
class Request:
    """A request, as far as its head says."""

    method: str
    path: str
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    receive: Receive
    noted: dict[str, Any] = field(default_factory=dict)
    """What the access log says of it."""


Handler = Callable[[Request], Awaitable[Response]]


class Service:
    """Serves plans over HTTP."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._routes: dict[str, tuple[str, Handler]] = {
            "/ping": ("GET", self._ping),
            "/healthz": ("GET", self._health),
            "/readyz": ("GET", self._readiness),
            "/v1/plans": ("GET", self._list_plans),
            "/metrics": ("GET", self._export_metrics),
            "/openapi.json": ("GET", self._describe),
            "/v1/features": ("POST", self._several),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a connection's life, or a request."""
        if scope["type"] == "http":
            await self._handle(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Open the store, and close it at the end."""
        await receive()
        settings = self._settings
        store = open_store(settings.store_url, create=False)
        self._plans = ServedPlans(
            load_plans(settings.plans),
            store,
            allow_many_tiles=settings.allow_many_tiles,
            cache=settings.caching.make(),
            warms=settings.caching.warms,
        )
        self._answering = Answering(self._plans)
        self._metrics = SharedMetrics(settings.metrics_folder)
        self._metrics.start()
        self._site = self._make_site() if settings.ui else None
        self._log = AccessLog() if settings.access_log else None
        warming = asyncio.create_task(self._keep_warm()) if settings.caching.warms else None
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if warming is not None:
            warming.cancel()
        self._metrics.close()
        await self._plans.close()
        if self._log is not None:
            self._log.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _keep_warm(self) -> None:
        """Read ahead every minute, beside the requests."""
        while True:
            await asyncio.sleep(_WARMING_INTERVAL_S)
            await asyncio.to_thread(self._plans.warm)

    def _make_site(self) -> Site:
        from .web.pages import Pages
        from .web.site import Site

        pages = Pages(self._plans, self._metrics.numbers)
        return Site(pages, self._settings.tokens, secure=self._settings.has_tls)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        path = scope.get("raw_path", b"").partition(b"?")[0].decode("latin-1") or scope["path"]
        request = Request(scope["method"], path, scope["query_string"], scope["headers"], receive)
        try:
            response = await self._respond(request)
        except ClientGone:
            response = Response(b"", 499)
        else:
            await _send(send, response)
        if self._log is not None:
            self._note(scope, request, response, time.perf_counter() - begun)

    async def _respond(self, request: Request) -> Response:
        """Answer a request, or say why not."""
        seconds = self._settings.limits.seconds
        try:
            return await within(seconds, self._route(request))
        except TimeoutError:
            was_read = "keys" in request.noted or request.method != "POST"
            code = "timeout" if was_read else "request_timeout"
            wrong = RequestError(code, f"the request took more than {seconds:g} s.")
        except RequestError as error:
            wrong = error
        except ClientGone:
            raise
        except Exception as error:
            wrong = refused(error)
        return Response(write_json(wrong.document()), wrong.status, headers=wrong.headers)

    async def _route(self, request: Request) -> Response:
        """Find who answers a request.

        Raises RequestError if nobody does, or the client may not ask.
        """
        path = request.path
        if self._site is not None and self._site.has(path):
            return await self._site.respond(
                request.method, path, request.query, request.headers, request.receive
            )
        if self._settings.tokens and path not in _OPEN:
            self._require_token(request.headers)
        names_plan = path.startswith(_GROUPBY) and len(path) > len(_GROUPBY)
        route = ("POST", self._groupby) if names_plan else self._routes.get(path)
        if route is None:
            raise RequestError("not_found", f"there is no path {unquote(path)}.")
        method, handler = route
        allowed = ("GET", "HEAD") if method == "GET" else (method,)
        if request.method not in allowed:
            raise RequestError(
                "method_not_allowed",
                f"{path} is not for {request.method}.",
                allow=", ".join(allowed),
            )
        return await handler(request)

    def _require_token(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Require one of the tokens.

        That takes a time that tells nothing of them.
        """
        given = b""
        for name, value in headers:
            if name == b"authorization":
                scheme, _, credentials = value.partition(b" ")
                given = credentials.strip() if scheme.lower() == b"bearer" else b""
        matches = [hmac.compare_digest(given, token) for token in self._settings.tokens]
        if not any(matches):
            what = "no token, or one that is not known here"
            raise RequestError(
                "unauthorized", f"the request has {what}.", **{"www-authenticate": "Bearer"}
            )

    async def _ping(self, _: Request) -> Response:
        return Response(b"pong", content_type=TEXT)

    async def _health(self, _: Request) -> Response:
        return Response(b'{"status":"ok"}')

    async def _readiness(self, _: Request) -> Response:
        states = await self._answering.call(self._plans.readiness)
        is_ready = not any(states.values())
        plans = {name: wrong or "ready" for name, wrong in states.items()}
        document = {"status": "ready" if is_ready else "not ready", "plans": plans}
        return Response(write_json(document), 200 if is_ready else _UNAVAILABLE)

    async def _list_plans(self, _: Request) -> Response:
        documents = [plan_document(plan) for plan in self._plans.plans.values()]
        return Response(write_json({"plans": documents}))

    async def _export_metrics(self, request: Request) -> Response:
        """Export what all workers have counted.

        It also says how far the watermarks are behind.
        """
        await self._answering.call(self._plans.count_staleness)
        accept = dict(request.headers).get(b"accept", b"").decode("latin-1")
        body, content_type = exposition(self._metrics.numbers, accept)
        return Response(body, content_type=content_type)

    async def _describe(self, _: Request) -> Response:
        has_token = bool(self._settings.tokens)
        return Response(write_json(openapi_document(self._plans.plans.values(), has_token)))

    async def _groupby(self, request: Request) -> Response:
        """Answer keys of the GroupBy that the path names."""
        plan = self._plans.find(_unquoted(request.path[len(_GROUPBY) :]))
        defaults = query_options(request.query) if request.query else {}
        require_features(plan, defaults.get("features"))
        limits = self._settings.limits
        body = await read_body(request.receive, limits.body_bytes)
        asked = feature_request(read_json(body), defaults, limits.keys)
        request.noted = {"groupby": plan.name, "keys": len(asked.keys)}
        return Response(write_json({"results": await self._answering.rows(plan.name, asked)}))

    async def _several(self, request: Request) -> Response:
        """Answer keys of the GroupBys that the body names.

        What is wrong with one of them is said in its place.
        """
        limits = self._settings.limits
        defaults = query_options(request.query)
        body = await read_body(request.receive, limits.body_bytes)
        asked = several_requests(read_json(body), defaults, limits.keys)
        request.noted = {"groupby": list(asked), "keys": 0}
        answers: dict[str, Any] = {}
        failures = []
        for name, part in asked.items():
            try:
                if isinstance(part, RequestError):
                    raise part
                request.noted["keys"] += len(part.keys)
                answers[name] = {"results": await self._answering.rows(name, part)}
            except Exception as error:
                wrong = refused(error)
                answers[name] = wrong.document()
                failures.append(wrong)
        status = failures[0].status if len(failures) == len(asked) else 200
        return Response(write_json({"groupbys": answers}), status)

    def _note(self, scope: Scope, request: Request, response: Response, seconds: float) -> None:
        if self._log is None:
            return
        client = scope.get("client")
        entry = {
            "client": client[0] if client else None,
            "method": request.method,
            "path": scope["path"],
            "status": response.status,
            "bytes": len(response.body),
            "ms": round(seconds * 1000, 3),
        }
        self._log.add(time.time_ns() // 1_000_000, entry | request.noted)


def _unquoted(path: str) -> str:
    return unquote(path) if "%" in path else path


async def _send(send: Send, response: Response) -> None:
    headers = [
        (b"content-type", response.content_type.encode()),
        (b"content-length", b"%d" % len(response.body)),
    ]
    if response.status == _UNAVAILABLE:
        headers.append((b"retry-after", b"1"))
    for name, value in response.headers.items():
        headers.append((name.encode(), value.encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
