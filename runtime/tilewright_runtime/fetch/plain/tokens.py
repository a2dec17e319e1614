"""Cuts plain expressions of DuckDB's SQL into tokens."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""\s*(?:(?P<name>"(?:[^"]|"")+")
      |(?P<number>\d+(?:\.\d+)?(?![\w.]))
      |(?P<word>[A-Za-z_]+)
      |(?P<sign><=|>=|<>|[-+*/()=<>,]))""",
    re.VERBOSE | re.ASCII,
)


class NotPlainError(Exception):
    """The expression has something that is left to DuckDB."""


def tokens_of(sql: str) -> list[str]:
    """Cut an expression up; NotPlainError if a part is none."""
    tokens, at, sql = [], 0, sql.rstrip()
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        if match is None:
            raise NotPlainError
        text: str = match[match.lastgroup or 0]
        tokens.append(text.upper() if match.lastgroup == "word" else text)
        at = match.end()
    return tokens
