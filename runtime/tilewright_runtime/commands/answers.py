"""Prints answers, and warns once of what is wrong with the store that they are of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from .options import warn

if TYPE_CHECKING:
    from ..fetch.answers import Answer

#: What a store may say of itself in an answer's quality, and what that means for its values.
_CONDITIONS = {
    "updating": "a write is under way or was not ended, so new tiles may be missing",
    "filling": "it is being filled, or that was not ended, so tiles are missing",
    "restarted": "its server was restarted, so tiles may be older than what was written",
    "evicted": "its server has evicted keys, so tiles may be missing",
    "unreachable": "it does not answer, so values that need it are withheld",
    "unknown": "nothing says how far it is filled, so tiles may be missing",
}


class AnswerPrinter:
    """Prints the answers of one store, one JSON object a line."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._told: set[str] = set()

    def put(
        self, answer: Answer | Mapping[str, Any], extra: Mapping[str, Any] | None = None
    ) -> None:
        """Print an answer, or a document that has one.

        Of an answer that may lack tiles standard error says so, once for all of them.
        """
        from ..fetch.documents import answer_document

        document = dict(answer) if isinstance(answer, Mapping) else answer_document(answer)
        if extra:
            document["extra"] = extra
        text = json.dumps(document, ensure_ascii=False)
        # A lone surrogate, which JSON can escape, has no bytes in UTF-8.
        click.echo(text if text.isascii() or _is_unicode(text) else json.dumps(document))
        self._warn(document.get("quality") or {})

    def _warn(self, quality: Mapping[str, Any]) -> None:
        condition = str(quality.get("store"))
        meaning = _CONDITIONS.get(condition)
        if meaning is None or condition in self._told:
            return
        self._told.add(condition)
        # Every write passes through `updating`, so that no policy refuses it.
        advice = "" if condition == "updating" else " With --on-missing fail that is an error."
        warn(f"store {self._url}: {meaning} (quality.store: {condition}).{advice}")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
