"""What a store can do that may lose tiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from .base import Scanned, ScanRequest, Store

if TYPE_CHECKING:
    from .filling import Filling, State


@runtime_checkable
class CheckedStore(Store, Protocol):
    """A store of whole tiles that may lose some.

    It loses them without a word, but it can tell when it has.
    """

    def scan_checked(
        self,
        table: str,
        requests: Sequence[ScanRequest],
        names: Sequence[str] = (),
        batch_keys: int = 512,
    ) -> Scanned:
        """Read the same, and say why it may lack some.

        Records come in the same round trip as the documents of some names and of how far the table
        is filled. What a server says of its evictions may be a fifth of a second old. A command
        asks for at most `batch_keys` keys; several are in flight together.
        """

    def filling(self, table: str) -> Filling:
        """Read how far the table is filled, by server."""

    def advance(self, seen: Filling, events: int, state: State) -> Filling | None:
        """Say how far a table is filled.

        It is said only if no server has lost anything since it was seen. That is one atomic step on
        each server. Returns what is said, or None.
        """
