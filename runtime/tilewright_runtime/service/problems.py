"""Lists what requests are refused with.

That is a status, a code, what is wrong and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..boundary import describe
from ..errors import (
    CorruptRecordError,
    FetchError,
    KeyValueError,
    MissingTileError,
    StoreError,
    TilewrightError,
)


class Kind(NamedTuple):
    """A problem's status, and what a client can do."""

    status: int
    advice: str


#: code -> its kind. The OpenAPI document lists them.
KINDS: Mapping[str, Kind] = {
    "bad_json": Kind(400, "Send JSON in UTF-8: a list of key objects, or an object with `keys`."),
    "bad_request": Kind(400, "GET /openapi.json describes what a request holds."),
    "unauthorized": Kind(401, "Send the header `Authorization: Bearer TOKEN`."),
    "not_found": Kind(404, "GET /openapi.json lists the paths."),
    "unknown_plan": Kind(404, "GET /v1/plans lists the plans that are served."),
    "method_not_allowed": Kind(405, "The header Allow names the methods of this path."),
    "request_timeout": Kind(408, "Send the whole request at once."),
    "body_too_large": Kind(413, "Send fewer keys a request, or serve with a larger --max-body."),
    "too_many_keys": Kind(413, "Send several requests, or serve with a larger --max-keys."),
    "bad_key": Kind(422, "GET /v1/plans lists the key columns of each plan and their types."),
    "bad_value": Kind(422, "GET /openapi.json describes what a request holds."),
    "unanswerable": Kind(422, "Ask for another time, or fewer features."),
    "missing_tiles": Kind(422, "Mend or write the store, or ask with another on_missing."),
    "internal": Kind(500, "This is a fault of Tilewright, not of yours. Please report it."),
    "damaged_record": Kind(503, "Run tilewright verify on the store."),
    "store_unavailable": Kind(503, "Try again soon. If it goes on, check the store."),
    "timeout": Kind(
        504,
        "Ask for fewer keys or features, look after the store, or serve with a larger --timeout.",
    ),
}

#: Our errors, the special ones before their bases.
_CODES: Sequence[tuple[type[Exception], str]] = (
    (KeyValueError, "bad_key"),
    (MissingTileError, "missing_tiles"),
    (FetchError, "unanswerable"),
    (CorruptRecordError, "damaged_record"),
    (StoreError, "store_unavailable"),
)


class RequestError(Exception):
    """A request, or a part of it, is refused."""

    def __init__(self, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = headers

    @property
    def status(self) -> int:
        """The status of the response."""
        return KINDS[self.code].status

    def document(self) -> dict[str, Any]:
        """Make what the response holds."""
        return {
            "error": {
                "status": self.status,
                "code": self.code,
                "message": self.message,
                "advice": KINDS[self.code].advice,
            }
        }


def refused(error: Exception) -> RequestError:
    """Turn what was raised into what a client is told."""
    if isinstance(error, RequestError):
        return error
    return RequestError(code_of(error), describe(error))


def code_of(error: Exception) -> str:
    """Find the code of an error."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return "bad_request" if isinstance(error, TilewrightError) else "internal"
