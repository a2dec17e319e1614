"""JSON in, JSON out."""

from __future__ import annotations

import json
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

#: How what gzip and zstd wrote begins.
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


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
        if body.startswith(_COMPRESSED):
            message = "the body is compressed, which is not undone here: send it as it is."
            raise RequestError("bad_json", message) from None
        raise RequestError("bad_json", f"the body is not JSON: {wrong}.") from None
    if _may_lack_names(document, body):
        try:
            json.loads(body, object_pairs_hook=_unique)
        except RecursionError:
            raise RequestError("bad_json", "the body is nested too deeply.") from None
    return document


def _may_lack_names(document: Any, body: bytes) -> bool:
    """Tell whether a name may have been dropped.

    Without escapes each quote of a body is the end of a text, so with as many of them in what was
    read no name was dropped. Names with escapes are looked at one by one.
    """
    if b"\\" in body:
        return True
    try:
        return orjson.dumps(document).count(b'"') != body.count(b'"')
    except TypeError:  # nested more deeply than it writes
        return True


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
