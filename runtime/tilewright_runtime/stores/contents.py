"""What a store holds, thing by thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..tiles.keys import TileKeys


class StoredDocument(NamedTuple):
    """A named document."""

    name: str
    """Its name; in the embedded store, which keeps the digests of long ones only, that in hex."""
    content: bytes


class StoredTiles(NamedTuple):
    """Records of one table, kind and size."""

    keys: TileKeys
    records: Sequence[bytes]


class Misfit(NamedTuple):
    """A thing that this store would not have made."""

    place: str
    reason: str
    table: str = ""
    """The table that it may be of while that is being put."""


Content = StoredDocument | StoredTiles | Misfit


def document_digest(name: str) -> bytes:
    """Digest a name that is too long for a key."""
    import hashlib  # names are seldom so long

    return hashlib.sha256(name.encode()).digest()
