"""Writes requests to the service, and reads its answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypedDict
from urllib.parse import quote

import httpx
from httpx_retries import Retry

from tilewright_compiler.plan.settings import OnMissing

from ...errors import TilewrightError, shown
from ...fetch.documents import jsonable
from ...times import Moment, moment_ms

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0


class ServiceError(TilewrightError):
    """The service refused a request, or cannot be reached.

    `status` and `code` are those of its answer; there is no status if none came.
    """

    def __init__(self, message: str, status: int | None, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Options(TypedDict, total=False):
    """How keys are to be answered.

    What is left out is as for `Fetcher.fetch`.
    """

    features: Iterable[str] | None
    quality: bool | None
    on_missing: OnMissing | None
    max_staleness: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """The features of some keys, or why there are none."""

    keys: dict[str, Any]
    features: dict[str, Any] = field(default_factory=dict)
    quality: dict[str, Any] = field(default_factory=dict)
    """What is to be said of the answer, if it was asked for or is not clean."""
    error: str | None = None
    code: str | None = None


class Settings:
    """Where, as whom, how long and how often clients ask."""

    def __init__(self, url: str, token: str | None, timeout_s: float, retries: int) -> None:
        _require_sendable(url, token)
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self.options: dict[str, Any] = {
            "base_url": url,
            "headers": headers,
            "timeout": timeout_s,
        }
        self.retry = Retry(
            total=retries,
            allowed_methods=["GET", "POST"],
            backoff_factor=_FIRST_PAUSE_S,
            max_backoff_wait=_LONGEST_PAUSE_S,
        )


def _require_sendable(url: str, token: str | None) -> None:
    """Refuse an address or a token that cannot be sent."""
    try:
        httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError) as wrong:
        raise ServiceError(
            f"{shown(url)} is no address of a service ({wrong}). Give one such as "
            "http://localhost:8080.",
            None,
            "unreachable",
        ) from None
    if token is not None and not (token.isascii() and token.isprintable()):
        raise ServiceError("the token has a character that no header holds.", None, "unreachable")


def path_of(group_by: str) -> str:
    """Find the path of a GroupBy."""
    return f"/v1/features/groupby/{quote(group_by, safe='')}"


def body_of(
    keys: Iterable[Mapping[str, Any]], at: Moment, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Make the body for the keys of a GroupBy."""
    return {"keys": [_sent(one) for one in keys], **_sent_options(at, options)}


def groups_body(
    requests: Mapping[str, Iterable[Mapping[str, Any]]], at: Moment, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Make the body for keys of several GroupBys."""
    groups = {}
    for name, keys in requests.items():
        groups[name] = [_sent(one) for one in keys]
    return {"groupbys": groups, **_sent_options(at, options)}


def _sent_options(at: Moment, options: Mapping[str, Any]) -> dict[str, Any]:
    """Write options as JSON has them.

    Those that are left out are not written.
    """
    sent = {name: value for name, value in options.items() if value is not None}
    if "features" in sent:
        sent["features"] = list(sent["features"])
    return sent if at is None else {"at": moment_ms(at), **sent}


def _sent(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Write keys as JSON has them.

    Times without a zone are in UTC.
    """
    sent = {}
    for name, value in keys.items():
        if isinstance(value, datetime) and value.tzinfo is None:
            value = value.replace(tzinfo=UTC)
        sent[name] = jsonable(value)
    return sent


def read_response(response: httpx.Response) -> Any:
    """Read a response.

    Raises ServiceError if it is an error.
    """
    try:
        document = response.json()
    except ValueError:
        document = None
    # Several GroupBys are answered each by itself, even if all of them failed.
    if isinstance(document, dict) and (response.is_success or "groupbys" in document):
        return document
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        raise ServiceError(
            f"{response.url} answers {response.status_code} and not as tilewright serve does. "
            "Check the address.",
            response.status_code,
            "not_the_service",
        )
    raise _refusal(error)


def _refusal(error: Mapping[str, Any]) -> ServiceError:
    message = f"{error['message']} {error['advice']}"
    return ServiceError(message, error["status"], error["code"])


def unreachable(url: httpx.URL, error: httpx.HTTPError) -> ServiceError:
    """Make the error of a service that does not answer."""
    what = str(error) or type(error).__name__
    return ServiceError(
        f"{url} cannot be reached ({what}). Start tilewright serve there, or correct the address.",
        None,
        "unreachable",
    )


def rows_of(document: Mapping[str, Any]) -> list[Row]:
    """Read the rows of a GroupBy."""
    rows = []
    for row in document["results"]:
        features, quality = row.get("features", {}), row.get("quality", {})
        rows.append(Row(row["entityKeys"], features, quality, row.get("error"), row.get("code")))
    return rows


def single_row(rows: Sequence[Row]) -> Row:
    """Take the row of the only keys.

    Raises ServiceError if they cannot be answered.
    """
    (row,) = rows
    if row.error is not None:
        raise ServiceError(row.error, 200, row.code or "unanswerable")
    return row


def answers_of(document: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Read the rows of several GroupBys.

    Raises ServiceError if one failed.
    """
    answers = {}
    for name, part in document["groupbys"].items():
        if "error" in part:
            raise _refusal(part["error"])
        answers[name] = rows_of(part)
    return answers
