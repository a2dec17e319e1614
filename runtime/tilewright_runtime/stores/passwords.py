"""The password of a store.

It is in the store's URL or in the environment, and never where others can read it.
"""

from __future__ import annotations

import os
import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from ..errors import StoreError

_UNREADABLE = (
    "store: its URL cannot be read (it is not shown, as it may hold a password). Write it as "
    "redis://user:password@host:port/db, with special characters of the password percent-encoded."
)
#: Parameters of a URL whose values nobody should see.
_SECRET = re.compile(r"pass|pwd|secret|token|credential", re.IGNORECASE)
#: What is hidden of a URL that is none of ours.
_LOGIN = re.compile(r"[^/:@]*:[^/@]*@")

#: Where a store finds the password that its URL leaves out.
PASSWORD_VARIABLE = "TILEWRIGHT_STORE_PASSWORD"


def password_from_environment() -> str | None:
    """Find the password for URLs that have none."""
    return os.environ.get(PASSWORD_VARIABLE) or None


def split_password(url: str) -> tuple[str, str | None]:
    """Take the password out of a store's URL.

    >>> split_password("redis://ana:s%40t@localhost:6379/0?socket_timeout=1")
    ('redis://ana@localhost:6379/0?socket_timeout=1', 's@t')
    >>> split_password("lmdb:tiles")
    ('lmdb:tiles', None)

    Raises StoreError if the URL cannot be read, or has another secret among its parameters.
    """
    if "://" not in url:
        return url, None
    try:
        parts = urlsplit(url)
    except ValueError:
        raise StoreError(_UNREADABLE) from None
    if "@" in url and "@" not in parts.netloc:  # a password with one of / ? #
        raise StoreError(_UNREADABLE)
    login, at, host = parts.netloc.rpartition("@")
    user, colon, encoded = login.partition(":")
    password = unquote(encoded) if colon else None
    parameters = []
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name == "password":
            password = value
        elif name == "username":
            user, at = quote(value, safe=""), "@"
        elif _SECRET.search(name):
            raise StoreError(
                f"store {parts.scheme}://{host}: the parameter {name} of its URL is secret and "
                "would be shown. Leave it out here."
            )
        else:
            parameters.append((name, value))
    netloc = f"{user}{at}{host}" if user else host
    return urlunsplit(parts._replace(netloc=netloc, query=urlencode(parameters))), password or None


def without_password(url: str) -> str:
    """Give a store's URL as it may be shown."""
    try:
        return split_password(url)[0] if "://" in url else _LOGIN.sub("***@", url)
    except StoreError:
        return f"{url.partition(':')[0]}:"
