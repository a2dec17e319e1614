"""The root of all errors, and mistakes in declarations."""

from __future__ import annotations

import re
from typing import NamedTuple

#: A user and password before a host, but for those of the form that messages ask for. A path that
#: was made of a URL has one slash.
_LOGIN = r"(\w:/{1,2})(?!user:password@host:port/db)[^/\s'\":@]*:[^\s'\"]*@"
#: A password among the parameters of a URL.
_PARAMETER = r"([?&][\w.]*password=)[^&\s'\"]*"


def without_passwords(text: str) -> str:
    """Hide the passwords of URLs in a text.

    >>> without_passwords("no redis://ana:s3cret@localhost/0?password=s3cret")
    'no redis://***@localhost/0?password=***'
    """
    without = re.sub(_LOGIN, r"\1***@", text)
    return re.sub(_PARAMETER, r"\1***", without, flags=re.IGNORECASE)


class TilewrightError(Exception):
    """An error that says what to do.

    The compiler's `CompileError` and the runtime's errors derive from it, so one `except` is enough
    for a caller. Any other exception is a bug in Tilewright. Its text shows no password of a URL.
    """

    def __str__(self) -> str:
        """Hide passwords, whatever a message quotes."""
        return without_passwords(super().__str__())


class CallSite(NamedTuple):
    """The author's line that made a declaration."""

    file: str
    line: int


class Problem(NamedTuple):
    """A mistake in a declaration.

    `kind` is a short word for which the compiler has a code.
    """

    kind: str
    message: str
