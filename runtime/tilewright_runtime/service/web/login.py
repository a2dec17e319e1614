"""Lets browsers in by a cookie.

It proves that the token was once given.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie

_NAME = "tilewright"
#: What the tokens sign. The cookie is of no use where a token is asked for.
_PURPOSE = b"tilewright web page"
_KEPT_S = 12 * 3600


def _proof(token: bytes) -> str:
    return hmac.digest(token, _PURPOSE, "sha256").hex()


def cookie_for(given: bytes, tokens: Sequence[bytes], *, secure: bool) -> str | None:
    """Make the header that sets a token's cookie.

    Returns None unless the token is one of those. It takes a time that tells nothing of them.
    """
    matches = [hmac.compare_digest(given, token) for token in tokens]
    if not any(matches):
        return None
    flags = "; Secure" if secure else ""
    return f"{_NAME}={_proof(given)}; Path=/ui; Max-Age={_KEPT_S}; HttpOnly; SameSite=Strict{flags}"


def has_cookie(header: str, tokens: Sequence[bytes]) -> bool:
    """Tell whether cookies have the proof of a token."""
    try:
        morsel = SimpleCookie(header).get(_NAME)
    except CookieError:
        return False
    given = morsel.value if morsel is not None else ""
    matches = [hmac.compare_digest(given.encode(), _proof(token).encode()) for token in tokens]
    return any(matches)
