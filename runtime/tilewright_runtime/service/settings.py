"""Settings of a service, as each worker gets them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tilewright.documents import read_document

from ..errors import TilewrightError
from ..fetch.cache import TileCache

#: Where a service finds its token if no file is named.
TOKEN_VARIABLE = "TILEWRIGHT_TOKEN"

_SPACE, _DELETE = 32, 127


class ServiceStartError(TilewrightError):
    """A service cannot start as it is told to."""


@dataclass(frozen=True)
class Limits:
    """What one request may take."""

    body_bytes: int = 1 << 20
    keys: int = 1_000
    seconds: float = 10.0


@dataclass(frozen=True)
class Caching:
    """What a worker keeps of finished tiles."""

    memory_bytes: int | None = None
    folder: Path | None = None
    """The second tier, which all workers share."""
    folder_bytes: int = 1 << 30
    warms: bool = False
    """Whether tiles are read ahead for entities that will be asked for."""

    def make(self) -> TileCache | None:
        """Make the cache of a worker, if wanted.

        Raises StoreError if the folder cannot be used.
        """
        if self.memory_bytes is None and self.folder is None:
            return None
        options = {} if self.memory_bytes is None else {"max_bytes": self.memory_bytes}
        return TileCache(**options, folder=self.folder, folder_bytes=self.folder_bytes)


@dataclass(frozen=True)
class ServiceSettings:
    """What a worker serves, from where, and to whom."""

    plans: Sequence[str]
    """Each a plan.json or its folder."""
    store_url: str
    tokens: Sequence[bytes] = field(default=(), repr=False)
    """Any of them lets a client in; none lets everybody in."""
    limits: Limits = field(default_factory=Limits)
    access_log: bool = True
    allow_many_tiles: bool = False
    ui: bool = False
    """Whether there is a web page too."""
    has_tls: bool = False
    caching: Caching = field(default_factory=Caching)
    metrics_folder: Path | None = None
    """Where workers exchange what they have counted; None for one worker."""


def read_tokens(file: Path | None, variable: str | None) -> list[bytes]:
    """Read the tokens of a file or of a variable.

    A file has one a line, a variable has one. Two in a file let clients change from one to the
    other. Raises ServiceStartError if the file has none or cannot be read.
    """
    if file is None:
        return [_sendable(os.fsencode(variable), TOKEN_VARIABLE)] if variable else []
    try:
        lines = read_document(file).splitlines()
    except OSError as wrong:
        raise ServiceStartError(
            f"{file}: cannot be read ({wrong.strerror}). Name a file with a token on each line."
        ) from None
    tokens = [line.strip() for line in lines if line.strip()]
    if not tokens:
        raise ServiceStartError(f"{file}: there is no token. Write one on a line of its own.")
    return [_sendable(token, str(file)) for token in tokens]


def _sendable(token: bytes, place: str) -> bytes:
    """Refuse a token that no header can hold."""
    if any(byte < _SPACE or byte == _DELETE for byte in token):
        raise ServiceStartError(f"{place}: a token has a control character, which no header holds.")
    return token
