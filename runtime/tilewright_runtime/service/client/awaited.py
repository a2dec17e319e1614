"""The client that is awaited."""

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


class AsyncClient:
    """Fetches from a service, to be awaited.

    Any number of tasks may share it. It takes what `Client` takes, and raises the same.
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
        transport = RetryTransport(httpx.AsyncHTTPTransport(verify=verify), settings.retry)
        self._http = httpx.AsyncClient(transport=transport, **settings.options)

    async def fetch(
        self,
        group_by: str,
        keys: Mapping[str, Any],
        at: Moment = None,
        **options: Unpack[Options],
    ) -> Row:
        """Fetch the features of keys at a time."""
        rows = await self.fetch_many(group_by, [keys], at, **options)
        return single_row(rows)

    async def fetch_many(
        self,
        group_by: str,
        keys: Iterable[Mapping[str, Any]],
        at: Moment = None,
        **options: Unpack[Options],
    ) -> list[Row]:
        """Fetch many rows, in the order of their keys."""
        body = body_of(keys, at, options)
        return rows_of(await self._call("POST", path_of(group_by), body))

    async def fetch_groups(
        self,
        requests: Mapping[str, Iterable[Mapping[str, Any]]],
        at: Moment = None,
        **options: Unpack[Options],
    ) -> dict[str, list[Row]]:
        """Fetch keys of several GroupBys in one request."""
        body = groups_body(requests, at, options)
        return answers_of(await self._call("POST", "/v1/features", body))

    async def plans(self) -> list[dict[str, Any]]:
        """List the plans that are served."""
        plans: list[dict[str, Any]] = (await self._call("GET", "/v1/plans"))["plans"]
        return plans

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        try:
            return read_response(await self._http.request(method, path, json=body))
        except httpx.HTTPError as error:
            raise unreachable(self._http.base_url, error) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()
