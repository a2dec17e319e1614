"""Reads of a store that may lack tiles.

It can lose them, or lets them go. Reads come with what is to be said against them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from tilewright_compiler.plan.model import Plan

from ..errors import FetchError, StoreError
from ..plans.frozen import Slotted
from ..tiles.keys import Range, level_name
from ..times import iso
from .base import Records, Scanned, ScanRequest, Store
from .checked_store import CheckedStore
from .kept import Kept, ttls_ms
from .ownership import PlanDocument
from .progress import Finished
from .swept import require_not_swept, swept_name, swept_until


class Checked(Slotted):
    """Says which records of a request need no check.

    They are the first ones of each range, once all were found sound.
    """

    __slots__ = ("counts", "decoded", "is_sound", "kept")

    def __init__(self, counts: Sequence[int]) -> None:
        self.counts = counts
        self.is_sound = False
        #: The records themselves, if they stay the same until the store changes.
        self.kept: Any = None
        #: Who decoded kept records last, these records, and what they became.
        self.decoded: tuple[Any, Any, Any] | None = None

    def decoded_by(self, program: Any, records: Any) -> Any:
        """Find what a program made of these very records."""
        last = self.decoded
        is_same = last is not None and last[0] is program and last[1] is records
        return last[2] if last is not None and is_same else None


class Reading(NamedTuple):
    """What was read for some requests."""

    records: Sequence[Sequence[Records]]
    """Of each request, by range."""
    documents: Sequence[bytes | None]
    """The named documents that were asked for."""
    flaws: Sequence[dict[str, Any] | None]
    """What is to be said against the records of each request; nothing to be told for any is an
    empty sequence.
    """
    finished: Finished | None = None
    """What of it can no longer change, if that was read too."""
    checked: Sequence[Checked] = ()
    """Of each request, if some records were read before."""


class Reader:
    """Reads a plan's tiles from a store that keeps all."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self._plan = plan
        self._store = store
        self._swept_name = swept_name(plan)
        self._own_names = (self._swept_name,)

    def read(self, requests: Sequence[ScanRequest], names: Sequence[str] = ()) -> Reading:
        """Read records, and documents of some names.

        Raises FetchError if a question is older than what was swept.
        """
        own = (self._swept_name, *names) if names else self._own_names
        records, documents = self._store.scan_with(self._plan.name, requests, own)
        if documents[0] is not None:
            self._require_not_swept(documents[0], requests)
        return Reading(records, documents[1:], ())

    def scan(self, requests: Sequence[ScanRequest], names: Sequence[str]) -> Scanned:
        """Read records and documents."""
        own = (self._swept_name, *names)
        records, documents = self._store.scan_with(self._plan.name, requests, own)
        return Scanned(records, documents[0], "", documents[1:])

    def judged(self, scanned: Scanned, requests: Sequence[ScanRequest]) -> Reading:
        """Say nothing against what was read, unless it was swept.

        Raises what `read` raises.
        """
        if scanned.plan is not None:
            self._require_not_swept(scanned.plan, requests)
        return Reading(scanned.records, scanned.documents, ())

    def _require_not_swept(self, document: bytes, requests: Sequence[ScanRequest]) -> None:
        until_ms = swept_until(self._plan, document)
        require_not_swept(until_ms, requests, self._store.url)


class CheckedReader:
    """Reads the tiles of one plan; threads may share it."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self._plan = plan
        self._store = store
        self._checked = store if isinstance(store, CheckedStore) else None
        self._ttl_ms = ttls_ms(plan)
        #: The last document of the plan that was read, and what it says; they change together.
        self._known: tuple[bytes | None, Kept] = None, Kept({})
        #: Ranges of which nothing lacks, by which spans, and in which second.
        self._last_kept: tuple[Sequence[Range], Kept, int] = (), Kept({}), 0

    def read(self, requests: Sequence[ScanRequest], names: Sequence[str] = ()) -> Reading:
        """Read records, and say what each request may lack.

        Both come in one round trip, as do the documents of some names. What is said is `store`, and
        `not_kept`: for a level the start (epoch ms) before which records may be gone, or never were
        put. Raises StoreError if the store holds nothing of the plan, and FetchError if a question
        is older than what the plan keeps.
        """
        return self.judged(self.scan(requests, names), requests)

    def judged(self, scanned: Scanned, requests: Sequence[ScanRequest]) -> Reading:
        """Say what each request may lack of what was read.

        Raises what `read` raises.
        """
        records, document, condition, documents = scanned
        kept_spans = self._kept(document)
        now_ms = time.time_ns() // 1_000_000
        if document is None and not condition:  # the plan came while the records were read
            condition = "unknown"
        flaws: list[dict[str, Any]] = []
        known: dict[int, dict[str, Any]] = {}  # requests of a batch mostly share their ranges
        for _, ranges in requests:
            flaw = known.get(id(ranges))
            if flaw is None:
                flaw = known[id(ranges)] = {"store": condition} if condition else {}
                is_kept = self._is_kept(kept_spans, ranges, now_ms)
                if not is_kept and (not_kept := self.not_kept(kept_spans, ranges, now_ms)):
                    flaw["not_kept"] = not_kept
            flaws.append(flaw)
        return Reading(records, documents, flaws)

    def scan(self, requests: Sequence[ScanRequest], names: Sequence[str]) -> Scanned:
        """Read records, documents, and the store's condition."""
        if self._checked is not None:
            batch_keys = self._plan.store.batch_size
            return self._checked.scan_checked(self._plan.name, requests, names, batch_keys)
        own = f"plan/{self._plan.name}"
        records, documents = self._store.scan_with(self._plan.name, requests, (own, *names))
        return Scanned(records, documents[0], "", documents[1:])

    def _kept(self, document: bytes | None) -> Kept:
        """Read what a store says that it keeps.

        Raises StoreError if it says nothing of the plan.
        """
        known, kept_spans = self._known
        if document is None:
            document = self._store.get(f"plan/{self._plan.name}")
        if document is None:
            raise StoreError(
                f"store {self._store.url} has no tiles of {self._plan.name} any more: it was "
                "emptied, or came back without its data. The next write fills it again."
            )
        if document != known:
            kept_spans = PlanDocument.from_bytes(self._plan, document, self._store).kept
            self._known = document, kept_spans
        return kept_spans

    def _is_kept(self, kept_spans: Kept, ranges: Sequence[Range], now_ms: int) -> bool:
        """Tell whether surely no level lacks records.

        What is there at the end of a second is there all through it, so requests of the same ranges
        ask once a second.
        """
        second = now_ms // 1000
        last = self._last_kept
        if last[0] is ranges and last[1] is kept_spans and last[2] == second:
            return True
        try:
            is_kept = not self.not_kept(kept_spans, ranges, (second + 1) * 1000)
        except FetchError:  # which it may not be yet
            return False
        if is_kept:
            self._last_kept = ranges, kept_spans, second
        return is_kept

    def not_kept(self, kept_spans: Kept, ranges: Sequence[Range], now_ms: int) -> dict[str, int]:
        """Find the levels that may lack records.

        For each of them it says before which start. Raises FetchError if a range is older than what
        the plan keeps.
        """
        not_kept: dict[str, int] = {}
        for size_ms, start_ms, _, kind, lifetime in ranges:
            level, ttl_ms = level_name(kind, size_ms), self._ttl_ms[kind, size_ms]
            if lifetime:
                whole_ms = kept_spans.ever_from_ms(level, now_ms)
            else:
                whole_ms = kept_spans.whole_from_ms(level, now_ms, ttl_ms)
            if whole_ms is None or start_ms >= whole_ms:
                continue
            if ttl_ms is not None and start_ms < now_ms - ttl_ms:
                raise self._too_old(level, start_ms)
            not_kept[level] = whole_ms
        return not_kept

    def _too_old(self, level: str, start_ms: int) -> FetchError:
        return FetchError(
            f"store {self._store.url} keeps tiles for a time only: those of {level} from "
            f"{iso(start_ms)} on, which this answer needs, may be gone. Ask for a later time, or "
            "ask the store that keeps all (the folder of tilewright write --state, as lmdb:DIR)."
        )
