"""A Redis for tasks of asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

from ...errors import StoreError
from ..base import AsyncStore, Scanned, ScanRequest
from .checked_scan import checked_scan
from .commands import CALL_KEYS, Commands, Exchange, arguments_of, without_errors
from .connection import connect_async, what_to_do
from .packing import Command
from .servers import Servers

T = TypeVar("T")


class AsyncRedis(AsyncStore):
    """Reads that are awaited, over connections of their event loop.

    Each loop has its own, since those of one that has ended are of no use. A cluster is read by its
    client that waits, in threads of the loop.
    """

    def __init__(self, commands: Commands, servers: Servers) -> None:
        self._commands = commands
        self._servers = servers
        self._clients: dict[asyncio.AbstractEventLoop, Any] = {}
        self._is_closed = False

    async def scan_checked(
        self,
        table: str,
        requests: Sequence[ScanRequest],
        names: Sequence[str] = (),
        batch_keys: int = CALL_KEYS,
    ) -> Scanned:
        """Do what `CheckedStore.scan_checked` does."""
        exchange = checked_scan(self._commands, self._servers, table, requests, names, batch_keys)
        if self._commands.is_cluster:
            return await asyncio.to_thread(self._commands.run, exchange)
        return await self._run(exchange)

    async def _run(self, exchange: Exchange[T]) -> T:
        """Send what an exchange yields until it returns.

        Raises StoreError for whatever goes wrong.
        """
        try:
            commands = next(exchange)
            while True:
                commands = exchange.send(await self._sent(commands) if commands else [])
        except StopIteration as end:
            result: T = end.value
            return result

    async def _sent(self, commands: Sequence[Command]) -> list[Any]:
        from redis.exceptions import RedisError

        if self._is_closed:
            raise StoreError(f"store {self._commands.url} is closed.")
        try:
            async with self._client().pipeline(transaction=False) as pipeline:
                for command in commands:
                    pipeline.execute_command(*arguments_of(command))
                return without_errors(await pipeline.execute(raise_on_error=False))
        except (RedisError, OSError) as wrong:
            raise StoreError(f"store {self._commands.url} {what_to_do(wrong)}") from wrong

    def _client(self) -> Any:
        """Find the running loop's client; drop those of ended loops."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            for known in list(self._clients):
                if known.is_closed():
                    self._clients.pop(known, None)
            self._clients[loop] = connect_async(self._commands.full_url)
        return self._clients[loop]

    async def aclose(self) -> None:
        """Close the connections; closing twice is harmless."""
        self._is_closed = True
        client = self._clients.pop(asyncio.get_running_loop(), None)
        self._clients.clear()
        if client is not None:
            await client.aclose()
