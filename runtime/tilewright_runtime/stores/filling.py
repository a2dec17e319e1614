"""How far a store of whole tiles is filled.

A store elsewhere can lose tiles without a word: it is restarted from an older snapshot, emptied, or
it evicts what it has no memory for. So beside the tiles of each table stands a document that says
what the last delivery acknowledged, and of which run of which server. It is changed only if the
server is still the one that was seen, and has the document that was seen: a delivery in whose
middle something was lost is not acknowledged, and everything is put again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Literal, get_args

#: `filling` while all tiles are put, `updating` while those of the last commit are.
State = Literal["complete", "updating", "filling"]


@dataclass(frozen=True)
class Server:
    """What tells a server from itself after a loss."""

    run: str
    """Another one after each start."""
    evicted: int
    """How many keys it has evicted since its start."""
    is_primary: bool = True


@dataclass(frozen=True)
class Filled:
    """What a delivery acknowledged on one server."""

    events: int
    state: State
    run: str
    evicted: int
    delivery: str
    since_ms: int
    """When this was said."""

    @classmethod
    def of(cls, server: Server, events: int, state: State) -> Filled:
        """Acknowledge events on a server that has lost nothing."""
        now_ms = time.time_ns() // 1_000_000
        return cls(events, state, server.run, server.evicted, os.urandom(16).hex(), now_ms)

    @classmethod
    @lru_cache(256)
    def from_bytes(cls, document: bytes | None) -> Filled | None:
        """Read a document, which each fetch does.

        None if there is none, or a damaged one, which says nothing.
        """
        try:
            content = json.loads(document or b"null")
            filled = cls(**content) if content else None
        except (ValueError, TypeError, RecursionError):
            return None
        return filled if filled is not None and filled._is_sound() else None

    def _is_sound(self) -> bool:
        numbers, texts = (self.events, self.evicted, self.since_ms), (self.run, self.delivery)
        return (
            all(type(number) is int for number in numbers)
            and all(isinstance(text, str) for text in texts)
            and self.state in get_args(State)
        )

    def to_bytes(self) -> bytes:
        """Write the document that is stored."""
        return json.dumps(asdict(self)).encode()

    def loss(self, server: Server) -> str:
        """Say how a server may have lost tiles.

        That is nothing, or one word.
        """
        if self.run == server.run:
            return "" if self.evicted == server.evicted else "evicted"
        # A replica has a run of its own, and the document of its primary.
        return "restarted" if server.is_primary else ""


def condition_of(filled: Filled | None, server: Server) -> str:
    """Say what keeps a server from having all tiles.

    That is nothing, or one word.
    """
    if filled is None:  # an older version filled it, or the document itself is lost or damaged
        return "evicted" if server.evicted and server.is_primary else "unknown"
    return filled.loss(server) or ("" if filled.state == "complete" else filled.state)


@dataclass(frozen=True)
class Filling:
    """How far one table is filled, server by server."""

    names: Sequence[str]
    """Where the documents are."""
    documents: Sequence[bytes | None]
    servers: Sequence[Server]
    filled: Sequence[Filled | None]

    @property
    def events(self) -> int:
        """How many events every server has acknowledged."""
        return min(filled.events if filled else 0 for filled in self.filled)

    @property
    def most_events(self) -> int:
        """How many events some server has acknowledged."""
        return max(filled.events if filled else 0 for filled in self.filled)

    @property
    def since_ms(self) -> int:
        """When what all servers say was first said.

        It is 0 unless all of them say it.
        """
        return min(filled.since_ms if filled else 0 for filled in self.filled)

    @property
    def is_new(self) -> bool:
        """Whether no server says anything."""
        return not any(self.filled)

    @property
    def has_lost_nothing(self) -> bool:
        """Whether every server still has all that it says."""
        return all(
            filled is not None and not filled.loss(server)
            for filled, server in zip(self.filled, self.servers, strict=True)
        )

    @property
    def is_intact(self) -> bool:
        """Whether every server has all that was acknowledged.

        The filling must have ended.
        """
        return self.has_lost_nothing and not self.is_filling

    @property
    def is_filling(self) -> bool:
        """Whether some server is being given all tiles.

        That is also so if that ended too early.
        """
        return any(filled is not None and filled.state == "filling" for filled in self.filled)

    @property
    def is_complete(self) -> bool:
        """Whether no delivery is under way, nor ended too early."""
        return all(filled is not None and filled.state == "complete" for filled in self.filled)
