"""Reads what the entries of LMDB stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from ...tiles.keys import TAIL_BYTES, Kind, parse_ordered_key
from ..base import EntityRecords, by_level
from ..contents import Misfit, StoredTiles, document_digest

_DIGEST_BYTES = 32


def entries_under(cursor: Any, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Read what stands under an entity's ordered keys."""
    if not cursor.set_range(prefix):
        return
    for key, record in cursor.iternext():
        if not key.startswith(prefix):
            return
        yield key, record


def entity_records(part: Iterable[tuple[bytes, bytes]]) -> EntityRecords:
    """Sort an entity's records by level.

    Those whose keys are damaged belong to nobody.
    """
    contents = contents_of(list(part))
    return [(one.keys, list(one.records)) for one in contents if isinstance(one, StoredTiles)]


def contents_of(part: Sequence[tuple[bytes, bytes]]) -> Iterator[StoredTiles | Misfit]:
    """Sort records by table and level.

    A key that stands for no tile is a misfit.
    """
    tables: dict[str, list[tuple[str, Kind, int, int, bytes]]] = {}
    for key, record in part:
        try:
            table, entity, kind, size_ms, start_ms = parse_ordered_key(key)
        except ValueError:
            yield Misfit(f"key {key!r}", "no key of a tile")
            continue
        tables.setdefault(table, []).append((entity, kind, size_ms, start_ms, record))
    for table, tiles in tables.items():
        for keys, records in by_level(table, tiles):
            yield StoredTiles(keys, records)


def entities_from(transaction: Any, begin: bytes, most: int) -> tuple[list[bytes], bytes]:
    """Read what the keys of some entities begin with, by one search for each.

    Also returns where the next ones begin, empty after the last.
    """
    cursor = transaction.cursor()
    prefixes: list[bytes] = []
    while cursor.set_range(begin):
        if len(prefixes) == most:
            return prefixes, begin
        prefix = cursor.key()[:-TAIL_BYTES]
        prefixes.append(prefix)
        # A prefix ends with NUL, so that this comes after all keys of the entity.
        begin = prefix[:-1] + b"\1" if prefix.endswith(b"\0") else cursor.key() + b"\0"
    return prefixes, b""


def document_name(key: bytes) -> str:
    """Name the document of a key."""
    return key.hex() if len(key) == _DIGEST_BYTES else key.decode(errors="backslashreplace")


@lru_cache(256)
def document_key(name: str) -> bytes:
    """Make the key of a document."""
    # A source's URI may be longer than a key of LMDB; its hash is not. The document itself repeats
    # the name.
    return name.encode() if len(name) < 64 else document_digest(name)
