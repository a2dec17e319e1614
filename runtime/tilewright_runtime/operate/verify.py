"""Verify: whether a store holds all that was written.

Each record is held against its checksum and its key, which needs no plan: a store knows the
fingerprints of its own. What is there is held against what the writer has counted in the same
transactions: the tiles of each level, and the events, each of which is in one tile of every level.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..errors import StoreError
from ..ingest.pending import Pending
from ..readers.batch import Position
from ..stores import CheckedStore, Store
from ..stores.contents import Misfit, StoredDocument, StoredTiles, document_digest
from ..stores.counts import Level, TileCounts
from ..stores.documents import reading_document
from ..stores.filling import Filled, condition_of
from ..stores.kept import Kept
from ..stores.owners import Owners
from ..stores.ownership import comes_from_stream
from ..stores.progress import Progress
from ..tiles.records import PLACE_OF_ANOTHER
from .findings import Damage, Table, Verification
from .record_check import RecordCheck

#: Damaged things that are listed; of more only the number is told.
_MOST_LISTED = 1000

_UNCOUNTED = "the tiles were not counted as they were written (an older version, or a stream)"
_LOADING = "a load of history has not ended: nothing is answered from it; load it again"
_MOVING = "the tiles are being put, or a write was killed: they are compared once a write has ended"
#: What a store says that it may have lost tiles by.
_LOSSES = {
    "evicted": "the server has evicted keys since the tiles were put; the next write puts them all",
    "restarted": "the server was restarted since the tiles were put; the next write puts them all",
}
#: A commit writes it with the tiles and their counts.
_GONE = "it is not there, so nobody knows how far the table is written"
_UNKNOWN = "the store has no plan of this name, so its tiles are nobody's"


def verify(store: Store, on_tiles: Callable[[int], None] | None = None) -> Verification:
    """Walk a store, and check all that it holds.

    Its records are held against their keys, their checksums and the counts. `on_tiles` is told
    after every part how many tiles were looked at. Raises StoreError if the store is damaged so
    that it cannot be read.
    """
    walk, tiles = _Walk(store), 0
    for content in store.contents():
        match content:
            case StoredDocument():
                walk.look_at_document(content)
            case StoredTiles():
                walk.look_at_tiles(content)
                tiles += len(content.records)
                if on_tiles is not None:
                    on_tiles(tiles)
            case Misfit():
                walk.look_at_misfit(content)
    return walk.result()


class _Walk:
    """What is known in the middle of a walk."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._documents: dict[str, bytes] = {}
        self._tables: dict[str, Table] = {}
        self._checks: dict[str, RecordCheck] = {}
        self._damaged: list[Damage] = []
        #: The records of some of them, by their indices there.
        self._records: dict[int, bytes] = {}
        self._damages = 0
        self._misfits: list[Misfit] = []

    def add_damage(self, place: str, reason: str, record: bytes | None = None) -> None:
        """Note a thing that is not what was written."""
        self._damages += 1
        if len(self._damaged) < _MOST_LISTED:
            if record is not None:
                self._records[len(self._damaged)] = record
            self._damaged.append(Damage(place, reason))

    def look_at_misfit(self, misfit: Misfit) -> None:
        """Note a misfit.

        It is noted at once, or when it is known whether its table is being put.
        """
        if misfit.table:
            self._misfits.append(misfit)
        else:
            self.add_damage(misfit.place, misfit.reason)

    def look_at_document(self, document: StoredDocument) -> None:
        """Read a document as those do that use it."""
        name, content = document
        self._documents[name] = content
        kind, slash, table = name.partition("/")
        # Of a name that is too long to be kept only a digest is known: the first line is JSON.
        read = _READERS.get(kind) if slash else _first_line if len(name) == 64 else None
        try:
            with reading_document(name):
                if read is not None:
                    read(content)
                if kind == "plan" and slash:
                    self._table(table)
        except StoreError:
            self.add_damage(f"document {name}", "it cannot be read")

    def look_at_tiles(self, tiles: StoredTiles) -> None:
        """Hold records against their keys."""
        keys, records = tiles
        table = self._table(keys.table)
        level = table.level(keys.kind, keys.size_ms)
        level.tiles += len(records)
        if table.fingerprint is None:
            return
        check = self._checks.setdefault(keys.table, RecordCheck(int(table.fingerprint, 16)))
        checked = check.check(keys, records, list(table.levels))
        level.events += checked.events
        level.damaged += len(checked.damaged)
        for i, reason in checked.damaged:
            self.add_damage(keys.name(i), reason, records[i])

    def result(self) -> Verification:
        """Tell what was found, and what was not."""
        tables = [self._tables[name] for name in sorted(self._tables)]
        moving: set[str] = set()
        for table in tables:
            if self._document(f"plan/{table.name}") is None:
                self._look_at_load(table)
            elif self._is_moving(table):
                moving.add(table.name)
            else:
                self._compare(table)
        for misfit in self._misfits:
            if misfit.table not in moving:
                self.add_damage(misfit.place, misfit.reason)
        self._name_owners([level for table in tables for level in table.levels])
        return Verification(
            self._store.url, tables, len(self._documents), self._damaged, self._damages
        )

    def _name_owners(self, levels: Sequence[Level]) -> None:
        """Name the owners of misplaced records, by one more walk."""
        if not self._records:
            return
        owners = Owners(self._store, None).find_all(list(self._records.values()), levels)
        for i, owner in zip(self._records, owners, strict=True):
            if owner is not None and owner != f"tile {self._damaged[i].place}":
                self._damaged[i] = replace(self._damaged[i], reason=PLACE_OF_ANOTHER.format(owner))

    def _look_at_load(self, table: Table) -> None:
        """Note a table of an unfinished load, or of nobody."""
        if self._document(f"loading/{table.name}") is None:
            self.add_damage(f"table {table.name}", _UNKNOWN)
        else:
            table.notes.append(_LOADING)

    def _is_moving(self, table: Table) -> bool:
        """Tell whether tiles are being put.

        What the store says of itself is noted.
        """
        if not isinstance(self._store, CheckedStore):
            return False
        filling = self._store.filling(table.name)
        said = {
            condition_of(filled, server)
            for filled, server in zip(filling.filled, filling.servers, strict=True)
        }
        for condition in sorted(said & _LOSSES.keys()):
            self.add_damage(f"table {table.name}", _LOSSES[condition])
        is_same = set(filling.documents) <= {None, *self._documents.values()}
        if is_same and not said & {"filling", "updating"}:
            return False
        table.notes.append(_MOVING)
        return True

    def _document(self, name: str) -> bytes | None:
        document = self._documents.get(name)
        if document is None:
            return self._documents.get(document_digest(name).hex())
        return document

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            self._tables[name] = Table(name, self._fingerprint(name))
        return self._tables[name]

    def _fingerprint(self, table: str) -> str | None:
        loading = self._document(f"loading/{table}")
        try:
            with reading_document(f"plan/{table}"):
                if loading is not None and self._document(f"plan/{table}") is None:
                    return f"{int(loading, 16):016x}"
                return _fingerprint(self._document(f"plan/{table}") or b"{}")
        except StoreError:
            return None

    def _compare(self, table: Table) -> None:
        """Compare what was found with what the writer counted.

        It is done for each table.
        """
        try:
            with reading_document(f"plan/{table.name}"):
                # A stream that goes on after a history does not count what it adds.
                is_stream = comes_from_stream(table.name, self._document)
                counts = None if is_stream else TileCounts.load(table.name, self._document)
                forgotten = TileCounts.load(table.name, self._document, "forgotten") or TileCounts()
                events = self._events(table.name)
                retention = self._retention(table.name)
        except StoreError:
            return  # a document that cannot be read was found before
        if counts is None:
            if table.levels:
                table.notes.append(_UNCOUNTED)
        else:
            for kind, size_ms in counts.by_level:
                table.level(kind, size_ms)
            for place, level in table.levels.items():
                level.counted = counts.by_level.get(place, 0)
            if events is None and not isinstance(self._store, CheckedStore):
                self.add_damage(f"document progress/{table.name}", _GONE)
        now_ms = time.time_ns() // 1_000_000
        for place, level in table.levels.items():
            if events is not None:
                level.counted_events = events - forgotten.by_level.get(place, 0)
            level.expires = (
                self._store.expires and retention.whole_from_ms(level.name, now_ms) is not None
            )

    def _retention(self, table: str) -> Kept:
        """Read how long a table's levels are kept.

        Only a store that expires says so.
        """
        return Kept.from_json(json.loads(self._document(f"plan/{table}") or b"{}").get("kept", {}))

    def _events(self, table: str) -> int | None:
        """Tell how many events each level has.

        It is known only if a writer has counted them.
        """
        if comes_from_stream(table, self._document):
            return None
        if isinstance(self._store, CheckedStore):
            filling = self._store.filling(table)
            return None if None in filling.filled else filling.events
        document = self._document(f"progress/{table}")
        return None if document is None else Progress.from_bytes(document).events


def _fingerprint(document: bytes) -> str:
    content = json.loads(document)
    fingerprint = content["storage_fingerprint"]
    int(fingerprint, 16)
    Kept.from_json(content.get("kept", {}))
    return str(fingerprint)


def _filled(document: bytes) -> Filled:
    filled = Filled.from_bytes(document)
    if filled is None:
        raise ValueError("it says nothing of how far the table is filled")
    return filled


def _first_line(document: bytes) -> Any:
    return json.loads(document.partition(b"\n")[0])


#: How documents are read, by what their names begin with.
_READERS: dict[str, Callable[[bytes], Any]] = {
    "plan": _fingerprint,
    "progress": Progress.from_bytes,
    "counts": TileCounts.from_bytes,
    "forgotten": TileCounts.from_bytes,
    "outbox": Pending.from_bytes,
    "position": Position.from_bytes,
    "beginning": json.loads,
    "ids": _first_line,
    "stream": json.loads,
    "filled": _filled,
    "loading": partial(int, base=16),
    "since": int,
}
