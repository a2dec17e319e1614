"""Routes the web page's addresses, and guards them."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Sequence
from urllib.parse import parse_qs

from ..bodies import Receive, read_body
from ..problems import RequestError
from ..responses import Response
from .login import cookie_for, has_cookie
from .pages import Pages, html

#: A form with a token is small.
_MOST_FORM_BYTES = 4_096
_LOGIN = "/ui/login"

Headers = Sequence[tuple[bytes, bytes]]


class Site:
    """Answers what lies below /ui. Nothing there changes anything."""

    def __init__(self, pages: Pages, tokens: Sequence[bytes], *, secure: bool) -> None:
        self._pages = pages
        self._tokens = tokens
        self._secure = secure

    @staticmethod
    def has(path: str) -> bool:
        """Tell whether a path is one of the site's."""
        return path in ("/", "/ui") or path.startswith("/ui/")

    async def respond(
        self, method: str, path: str, query: bytes, headers: Headers, receive: Receive
    ) -> Response:
        """Answer a request.

        Raises RequestError for a method that a page does not have.
        """
        if path == "/":
            return _moved("/ui")
        is_login = path == _LOGIN
        if method not in ("GET", "HEAD") and not (is_login and method == "POST"):
            raise RequestError("method_not_allowed", f"{path} is not for {method}.", allow="GET")
        if is_login:
            return await self._log_in(method, receive)
        if not path.startswith("/ui/static/") and not self._may_see(headers):
            return _moved(_LOGIN)
        return await asyncio.to_thread(self._pages.respond, path, query)

    async def _log_in(self, method: str, receive: Receive) -> Response:
        """Show the form for the token, or take it."""
        if method != "POST":
            return html("login.html", wrong=False)
        form = parse_qs((await read_body(receive, _MOST_FORM_BYTES)).decode("latin-1"))
        given = form.get("token", [""])[0].strip().encode()
        cookie = cookie_for(given, self._tokens, secure=self._secure)
        if cookie is None:
            return html("login.html", 401, wrong=True)
        moved = _moved("/ui")
        moved.headers = {**moved.headers, "set-cookie": cookie}
        return moved

    def _may_see(self, headers: Headers) -> bool:
        if not self._tokens:
            return True
        named = {name: value.decode("latin-1") for name, value in headers}
        scheme, _, given = named.get(b"authorization", "").partition(" ")
        bearer = given.strip().encode("latin-1") if scheme.lower() == "bearer" else b""
        matches = [hmac.compare_digest(bearer, token) for token in self._tokens]
        return any(matches) or has_cookie(named.get(b"cookie", ""), self._tokens)


def _moved(to: str) -> Response:
    return Response(b"", 303, headers={"location": to})
