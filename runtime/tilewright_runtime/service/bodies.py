"""JSON in, JSON out."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from ..fetch.documents import jsonable
from .problems import RequestError

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

#: A body that is too large is read to its end all the same, since a client that still sends sees
#: no answer; beyond this it is cut off.
_MOST_DISCARDED = 1 << 27

_REQUEST = "http.request"

#: What follows each name. Texts may hold it too, but seldom do; times hold colons only.
_NAME_END = re.compile(rb'"\s*:')
_NESTED = frozenset({dict, list})


class ClientGone(Exception):
    """The client hung up before its request was whole."""


async def read_body(receive: Receive, most_bytes: int) -> bytes:
    """Read the body of a request.

    Raises RequestError if it is larger than is allowed, and ClientGone.
    """
    message = await receive()
    whole: bytes = message.get("body", b"")
    if not message.get("more_body") and len(whole) <= most_bytes and message["type"] == _REQUEST:
        return whole
    parts, size = [], 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size <= most_bytes:
            parts.append(part)
        if not message.get("more_body") or size > _MOST_DISCARDED:
            break
        message = await receive()
    if size > most_bytes:
        raise RequestError(
            "body_too_large",
            f"the body has more than {most_bytes:,} bytes, which is the most here.",
            connection="close",
        )
    return b"".join(parts)


def read_json(body: bytes) -> Any:
    """Read JSON strictly.

    Raises RequestError for what is no JSON, such as NaN, and for names that stand twice in an
    object, since readers differ in which of them they take.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise RequestError("bad_json", f"the body is not JSON: {wrong}.") from None
    # A colon follows each name: with no more of them than names, no name was dropped.
    names = _count_names(document)
    if body.count(b":") != names and len(_NAME_END.findall(body)) != names:
        json.loads(body, object_pairs_hook=_unique)
    return document


def _count_names(document: Any) -> int:
    """Count the names of all objects of a document."""
    names = 0
    waiting = [document] if type(document) in _NESTED else []
    for value in waiting:
        parts = value
        if type(value) is dict:
            names += len(value)
            parts = value.values()
        for part in parts:
            if type(part) in _NESTED:
                waiting.append(part)
    return names


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name in names if counts[name] > 1)
        raise RequestError("bad_json", f"an object of the body has {twice!r} twice.")
    return names


def write_json(document: Any) -> bytes:
    """Write JSON.

    Numbers beyond 64 bits and half surrogates, which the quick writer refuses, take the slow one.
    """
    try:
        return orjson.dumps(document)
    except TypeError:
        return json.dumps(jsonable(document)).encode()
