"""The client that waits for answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self, Unpack

import httpx
from httpx_retries import RetryTransport

from ...times import Moment
from .calls import (
    Options,
    Row,
    Settings,
    answers_of,
    body_of,
    groups_body,
    path_of,
    read_response,
    rows_of,
    single_row,
    unreachable,
)


class Client:
    """Fetches from a service, and waits for the answers.

    Threads may share it. `timeout_s` is for each try, and `retries` is how often it tries again,
    with growing pauses. `verify` is an SSL context for a service that the system does not trust.
    All methods raise ServiceError.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeout_s: float = 5.0,
        retries: int = 3,
        verify: Any = True,
    ) -> None:
        settings = Settings(url, token, timeout_s, retries)
        transport = RetryTransport(httpx.HTTPTransport(verify=verify), settings.retry)
        self._http = httpx.Client(transport=transport, **settings.options)

    def fetch(
        self,
        group_by: str,
        keys: Mapping[str, Any],
        at: Moment = None,
        **options: Unpack[Options],
    ) -> Row:
        """Fetch the features of keys at a time.

        It takes what `Fetcher.fetch` takes. Keys that cannot be answered raise too.
        """
        return single_row(self.fetch_many(group_by, [keys], at, **options))

    def fetch_many(
        self,
        group_by: str,
        keys: Iterable[Mapping[str, Any]],
        at: Moment = None,
        **options: Unpack[Options],
    ) -> list[Row]:
        """Fetch many rows, in the order of their keys.

        A row that cannot be answered has an `error`.
        """
        return rows_of(self._call("POST", path_of(group_by), body_of(keys, at, options)))

    def fetch_groups(
        self,
        requests: Mapping[str, Iterable[Mapping[str, Any]]],
        at: Moment = None,
        **options: Unpack[Options],
    ) -> dict[str, list[Row]]:
        """Fetch keys of several GroupBys in one request."""
        body = groups_body(requests, at, options)
        return answers_of(self._call("POST", "/v1/features", body))

    def plans(self) -> list[dict[str, Any]]:
        """List the plans that are served."""
        plans: list[dict[str, Any]] = self._call("GET", "/v1/plans")["plans"]
        return plans

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        try:
            return read_response(self._http.request(method, path, json=body))
        except httpx.HTTPError as error:
            raise unreachable(self._http.base_url, error) from None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
