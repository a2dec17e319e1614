"""The checks for missing tiles.

They are the specification's: the job that writes, late events, and room in the store. A store that
is full is never helped by a longer time to live.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tilewright_compiler.humanize import counted, format_ago, format_bytes, format_span

from ..stores.health import DISK, StoreHealth
from ..times import iso
from .observations import Finding, Observations, Severity

Check = Callable[[Observations], Finding]

#: More late events than this part of all are too many.
_MANY_LATE = 0.001
#: A store that is fuller than this has no room for what comes, and one than that soon has none.
_FULL, _NEARLY_FULL = 0.95, 0.85

_CONDITIONS = {
    "updating": "a write has begun and not ended",
    "filling": "the store is being filled, or filling it failed",
    "restarted": "the store was restarted since the tiles were put, and may have older ones",
    "unknown": "the store does not say how far it is filled",
}
#: What the condition of a store that takes nothing more can be.
_WITHOUT_ROOM = ("", "updating", "filling")


def job_health(seen: Observations) -> Finding:
    """Check whether somebody writes, and how far it has come."""
    condition = _CONDITIONS.get(seen.condition)
    if _full_part(seen.health) > _FULL and seen.condition in _WITHOUT_ROOM:
        return Finding(
            Severity.OK,
            condition or "the store has no room",
            "waits for room in the store: see store_capacity",
        )
    if seen.is_loading and not seen.progress.events:
        condition = "a load of history has not ended"
    if condition is not None:
        return Finding(
            Severity.CRITICAL,
            condition,
            "the tiles are not all there",
            "Write again: the next write, or load, puts what is missing.",
        )
    newest_ms = seen.progress.newest_ms
    if newest_ms is None:
        return Finding(Severity.OK, _no_progress(seen), "not checked")
    age_ms = seen.at_ms - newest_ms
    evidence = f"the newest event is of {iso(newest_ms)}, {format_ago(age_ms)}"
    evidence += _who_writes(seen) + _failures(seen)
    if age_ms <= seen.max_age_ms:
        return Finding(Severity.OK, evidence, "in order")
    writer = "Start the writer again (tilewright write --follow, or the job)"
    if seen.health.is_being_written:
        writer = "The writer runs, so see whether its source has newer events"
    return Finding(
        Severity.CRITICAL,
        evidence,
        "nothing newer is written: the writer has stopped, or its source has nothing",
        f"{writer}. If events of that age are as new as they get, say so with --max-age.",
    )


def _no_progress(seen: Observations) -> str:
    if seen.is_stream:
        return "the tiles come from a stream, whose engine knows how far it is: see its own page"
    return "nothing says how far the events are"


def _who_writes(seen: Observations) -> str:
    health = seen.health
    if health.is_being_written is None:
        return ""
    who = "a process" if health.is_being_written else "no process"
    when = "" if health.written_at_ms is None else f", last written {iso(health.written_at_ms)}"
    return f"; {who} has the store open to write it{when}"


def _failures(seen: Observations) -> str:
    """Say how many writes failed, as a writer counts."""
    values = {} if seen.service is None else seen.service.values
    failed = int(values.get("tile_write_failures_total", 0))
    return f"; {counted(failed, 'tile')} could not be written at first" if failed else ""


def late_data(seen: Observations) -> Finding:
    """Check how many events come too late to be counted."""
    progress = seen.progress
    events = progress.events + progress.too_late
    evidence = (
        f"{counted(progress.too_late, 'event')} of {events:,} came too late; finished tiles have "
        f"changed {counted(progress.repairs, 'time')}"
    )
    if not events or progress.too_late <= _MANY_LATE * events:
        return Finding(Severity.OK, evidence, "in order")
    allowed = format_span(seen.plan.late.allowed_lateness_ms)
    return Finding(
        Severity.WARNING,
        evidence,
        "many events come later than they may",
        f"Allow more than {allowed} (flink.allowed_lateness) and compile again, keep what comes "
        "too late (write --late FILE) and write it again with --replay, or see why they are late.",
    )


def store_capacity(seen: Observations) -> Finding:
    """Check whether the store has room, and lets nothing go."""
    health = seen.health
    room = "Make room on the disk, then run tilewright sweep"
    if health.policy != DISK:
        room = "Add memory or nodes"
    remedy = (
        f"{room}, coarsen tiles, or shorten how long they are kept (kv_store.ttl_multiplier): a "
        "longer time to live fills it further."
    )
    if seen.condition == "evicted" or health.evicted:
        return Finding(
            Severity.CRITICAL,
            f"the store has evicted {counted(health.evicted, 'key')} (policy {health.policy})",
            "the store lets tiles go to make room",
            f"Set maxmemory-policy to noeviction. {remedy}",
        )
    if health.used_bytes is None or health.limit_bytes is None:
        return Finding(Severity.OK, "the store has no limit of its own", "in order")
    part = _full_part(health)
    evidence = (
        f"{format_bytes(health.used_bytes)} of {format_bytes(health.limit_bytes)} are used "
        f"({part:.0%}, {health.policy})"
    )
    if part <= _NEARLY_FULL:
        return Finding(Severity.OK, evidence, "in order")
    severity = Severity.CRITICAL if part > _FULL else Severity.WARNING
    return Finding(severity, evidence, "the store is full, or nearly", remedy)


def _full_part(health: StoreHealth) -> float:
    """The part of its limit that a store uses."""
    if health.used_bytes is None or health.limit_bytes is None:
        return 0.0
    return health.used_bytes / health.limit_bytes


MISSING_CHECKS: Mapping[str, Check] = {
    "job_health": job_health,
    "late_data": late_data,
    "store_capacity": store_capacity,
}
