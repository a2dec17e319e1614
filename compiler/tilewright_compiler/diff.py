"""Differences of plans, and what becomes of stored tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from tilewright.windows import format_duration

from .humanize import format_bytes, format_span, one_line, requested
from .plan.model import Column, EventLog, Feature, Level, Plan, Source


class Verdict(IntEnum):
    """What becomes of stored tiles, from best to worst."""

    UNCHANGED = 0
    COMPATIBLE = 1
    NEW_LEVEL = 2
    NEW_LEVEL_WITH_BACKFILL = 3
    NEW_TABLE = 4

    @property
    def title(self) -> str:
        """The verdict in the words of a reviewer."""
        return MEANINGS[self][0]

    @property
    def meaning(self) -> str:
        """The consequence for stored tiles, and what to do."""
        return MEANINGS[self][1]


#: verdict -> (title, what it means and what to do). A store is bound to one storage fingerprint
#: (keys, states, levels).
MEANINGS: dict[Verdict, tuple[str, str]] = {
    Verdict.UNCHANGED: ("unchanged", "The plans are the same."),
    Verdict.COMPATIBLE: ("compatible", "Stored tiles serve the new plan as they are."),
    Verdict.NEW_LEVEL: (
        "another ladder, without a backfill",
        "Stored tiles stay right, and every level of the new plan can be made from them. "
        "A store is made for one ladder: give the new plan a store of its own.",
    ),
    Verdict.NEW_LEVEL_WITH_BACKFILL: (
        "a new level, with a backfill",
        "Stored tiles of the other levels stay right, but a new level needs events that only the "
        "history has. "
        "A store is made for one ladder: write the history into a new store.",
    ),
    Verdict.NEW_TABLE: (
        "a new table",
        "Stored tiles mean something else under the new plan. Write the history into a new store, "
        "or give the GroupBy another name, so that both can be read while you move.",
    ),
}


@dataclass(frozen=True)
class Change:
    """One change, its own verdict, and the reason."""

    verdict: Verdict
    what: str
    why: str = ""

    @property
    def text(self) -> str:
        """The change and its reason, in one line.

        `keys user_id VARCHAR -> user_id BIGINT: tiles are found by their keys`.
        """
        return f"{one_line(self.what)}{': ' * bool(self.why)}{self.why}"

    def __str__(self) -> str:
        """Put the verdict before the text."""
        return f"{self.verdict.title}: {self.text}"


@dataclass(frozen=True)
class Difference:
    """All changes from one plan to another, the gravest first."""

    old: Plan
    new: Plan
    changes: tuple[Change, ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of all changes."""
        return max((change.verdict for change in self.changes), default=Verdict.UNCHANGED)


def compare(old: Plan, new: Plan) -> Difference:
    """List what changed between two plans, the gravest first.

    Tiles that must not be mixed never count as compatible.
    """
    changes = [change for part in _PARTS for change in part(old, new)]
    gravest = max((change.verdict for change in changes), default=Verdict.UNCHANGED)
    if old.storage_fingerprint != new.storage_fingerprint and gravest <= Verdict.COMPATIBLE:
        what = f"storage fingerprint {old.storage_fingerprint} -> {new.storage_fingerprint}"
        changes.append(
            Change(Verdict.NEW_TABLE, what, "the order or layout of what tiles hold is another")
        )
    elif old.fingerprint != new.fingerprint and not changes:
        changes.append(
            Change(
                Verdict.COMPATIBLE,
                "generated texts of the plan",
                "another version of the compiler wrote them",
            )
        )
    return Difference(old, new, tuple(sorted(changes, key=lambda change: -change.verdict)))


def _name(old: Plan, new: Plan) -> Iterator[Change]:
    if old.name != new.name:
        yield Change(
            Verdict.NEW_TABLE,
            f"name {old.name} -> {new.name}",
            "the name is part of every tile's key",
        )


def _keys(old: Plan, new: Plan) -> Iterator[Change]:
    if old.keys != new.keys:
        yield Change(
            Verdict.NEW_TABLE,
            f"keys {_columns(old.keys)} -> {_columns(new.keys)}",
            "tiles are found by their keys",
        )
    if (
        old.key_layout.ordered != new.key_layout.ordered
        or old.key_layout.entity != new.key_layout.entity
    ):
        yield Change(Verdict.NEW_TABLE, "the layout of keys", "tiles are found by their keys")


def _columns(columns: list[Column]) -> str:
    return ", ".join(f"{column.name} {column.type}" for column in columns)


def _sources(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = ({source.name: source for source in plan.sources} for plan in (old, new))
    for name in [n for n in before if n not in after]:
        yield Change(
            Verdict.NEW_TABLE,
            f"source {name} is gone",
            "stored tiles hold its events; a source that is renamed is read again",
        )
    for name in [n for n in after if n not in before]:
        yield Change(
            Verdict.NEW_TABLE,
            f"source {name} is new",
            "stored tiles lack its history; a source that is renamed is read again",
        )
    for name in [n for n in after if n in before]:
        yield from _source(name, _facts(old, before[name]), _facts(new, after[name]))


def _source(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for fact in dict.fromkeys([*before, *after]):
        if before.get(fact) == after.get(fact):
            continue
        what = f"{fact} of source {name}: {_shown(before.get(fact))} -> {_shown(after.get(fact))}"
        if fact in ("table", "topic") or fact.startswith("unused "):
            yield Change(Verdict.COMPATIBLE, what)
        else:
            yield Change(Verdict.NEW_TABLE, what, "stored tiles were made from other values")


def _facts(plan: Plan, source: Source) -> dict[str, Any]:
    """Collect what a source says, by name.

    Expressions that no key and no state uses are marked as unused.
    """
    used = {column.name for column in plan.keys} | {
        name for state in plan.states for name in (state.input, state.bucket)
    }
    facts = {
        "table": source.table,
        "topic": source.topic,
        "dialect": source.dialect,
        "time_column": source.time_column,
    }
    facts |= {"wheres": " and ".join(source.wheres) or None, "schema": _columns(source.columns)}
    return facts | {
        f"{'' if name in used else 'unused '}column {name}": text
        for name, text in source.selects.items()
    }


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _states(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = ({state.id: state for state in plan.states} for plan in (old, new))
    why = "a tile's record holds exactly the states of its plan"
    for name in [*(n for n in before if n not in after), *(n for n in after if n not in before)]:
        yield Change(
            Verdict.NEW_TABLE, f"state {name} is {'new' if name in after else 'gone'}", why
        )
    for name, state in before.items():
        if name in after and state != after[name]:
            yield Change(
                Verdict.NEW_TABLE,
                (
                    f"state {name}: {state.subject} {state.params} -> {after[name].subject} "
                    f"{after[name].params}"
                ),
                why,
            )
    if (
        old.tile_layout.record_version != new.tile_layout.record_version
        or old.tile_layout.compression != new.tile_layout.compression
    ):
        yield Change(Verdict.NEW_TABLE, "the layout of records", why)


def _levels(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = ({level.size_ms: level for level in plan.levels} for plan in (old, new))
    for size in sorted(before.keys() - after.keys(), reverse=True):
        yield Change(
            Verdict.NEW_LEVEL,
            f"level {format_duration(size)} is gone",
            "its tiles are no longer read",
        )
    for size in sorted(after.keys() - before.keys(), reverse=True):
        yield _new_level(old, new, size)
    for size in sorted(before.keys() & after.keys(), reverse=True):
        yield from _kept(f"level {format_duration(size)} is", before[size], after[size])


def _new_level(old: Plan, new: Plan, size_ms: int) -> Change:
    """Tell what a new level needs.

    It can be merged from a finer level whose tiles are kept as long as its own windows reach back.
    """
    what = f"level {format_duration(size_ms)} is new"
    readers = [feature for feature in new.features if size_ms in feature.levels_ms]
    lengths = [feature.window_ms + size_ms for feature in readers if feature.window_ms is not None]
    lifetime = any(feature.window_ms is None for feature in readers)
    reach_ms = max(lengths, default=size_ms)
    for level in old.levels:
        if size_ms % level.size_ms == 0 and (
            level.ttl_ms is None or (level.ttl_ms >= reach_ms and not lifetime)
        ):
            why = (
                f"its tiles can be merged from those of {format_duration(level.size_ms)}, which "
                f"are kept for {_span(level.ttl_ms)}"
            )
            return Change(Verdict.NEW_LEVEL, what, why)
    if old.events is not None and _holds(old.events, new, reach_ms, lifetime):
        return Change(
            Verdict.NEW_LEVEL,
            what,
            (
                "its tiles can be made from the raw events, which are kept for "
                f"{_span(old.events.ttl_ms)}"
            ),
        )
    needed = (
        "all events there are" if lifetime else f"the events of the last {format_span(reach_ms)}"
    )
    return Change(
        Verdict.NEW_LEVEL_WITH_BACKFILL,
        what,
        f"no stored level divides it and is kept long enough, so it needs {needed}",
    )


def _holds(events: EventLog, new: Plan, reach_ms: int, lifetime: bool) -> bool:
    """Tell whether stored raw events suffice to make all states.

    They must hold the inputs, and reach as far back as is asked for.
    """
    kept = events.ttl_ms is None or (events.ttl_ms >= reach_ms and not lifetime)
    return kept and {state.input for state in new.states} <= {
        column.name for column in events.columns
    }


def _events(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = old.events, new.events
    if before is None and after is not None:
        what = f"raw events are kept, in chunks of {format_duration(after.size_ms)}"
        yield Change(
            Verdict.NEW_LEVEL_WITH_BACKFILL,
            what,
            "tiles do not hold them, so they need those that the history has",
        )
    elif before is not None and after is None:
        yield Change(
            Verdict.NEW_LEVEL, "raw events are no longer kept", "their chunks are no longer read"
        )
    elif before is not None and after is not None:
        yield from _event_logs(before, after)


def _event_logs(before: EventLog, after: EventLog) -> Iterator[Change]:
    if before.columns != after.columns:
        fewer = all(column in before.columns for column in after.columns)
        verdict = Verdict.NEW_LEVEL if fewer else Verdict.NEW_LEVEL_WITH_BACKFILL
        why = (
            "the others are no longer read" if fewer else "stored events lack what the history has"
        )
        yield Change(
            verdict, f"raw events hold {_columns(before.columns)} -> {_columns(after.columns)}", why
        )
    if before.size_ms != after.size_ms:
        what = (
            f"chunks of raw events {format_duration(before.size_ms)} -> "
            f"{format_duration(after.size_ms)}"
        )
        yield Change(Verdict.NEW_LEVEL, what, "the same events can be cut anew")
    yield from _kept("raw events are", before, after)


def _kept(subject: str, before: Level | EventLog, after: Level | EventLog) -> Iterator[Change]:
    if before.ttl_ms == after.ttl_ms:
        return
    what = f"{subject} kept for {_span(before.ttl_ms)} -> {_span(after.ttl_ms)}"
    longer = before.ttl_ms is not None and (after.ttl_ms is None or after.ttl_ms > before.ttl_ms)
    why = (
        f"what is older than {_span(before.ttl_ms)} may be gone already; windows that reach "
        "further back lack it"
        if longer
        else ""
    )
    yield Change(Verdict.COMPATIBLE, what, why)


def _span(ttl_ms: int | None) -> str:
    return "ever" if ttl_ms is None else format_span(ttl_ms)


def _features(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = ({feature.name: feature for feature in plan.features} for plan in (old, new))
    for name in [n for n in before if n not in after]:
        yield Change(Verdict.COMPATIBLE, f"feature {name} is gone", "requests no longer answer it")
    for name in [n for n in after if n not in before]:
        yield Change(Verdict.COMPATIBLE, f"feature {name} is new", _asks(after[name]))
    for name in [n for n in after if n in before and before[n] != after[n]]:
        yield Change(
            Verdict.COMPATIBLE,
            f"feature {name}",
            "; ".join(_fields(before[name].model_dump(), after[name].model_dump())),
        )


def _asks(feature: Feature) -> str:
    window = "all of the past" if feature.window_ms is None else format_duration(feature.window_ms)
    by = "" if feature.bucket is None else f" by {one_line(feature.bucket)}"
    origin = (
        f"tiles of {format_duration(feature.levels_ms[-1])}" if feature.levels_ms else "raw events"
    )
    return f"{feature.operation} of {one_line(feature.input)}{by} over {window}, from {origin}"


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [
        one_line(f"{name} {before[name]} -> {after[name]}")
        for name in after
        if before.get(name) != after[name]
    ]


def _derivations(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = ({one.name: one for one in plan.derivations} for plan in (old, new))
    for name in [n for n in before if n not in after]:
        yield Change(
            Verdict.COMPATIBLE, f"derivation {name} is gone", "requests no longer answer it"
        )
    for name in [n for n in after if n not in before]:
        yield Change(
            Verdict.COMPATIBLE,
            f"derivation {name} is new",
            one_line(f"{after[name].sql}, {after[name].type}"),
        )
    for name in [n for n in after if n in before and before[n] != after[n]]:
        changed = _fields(
            before[name].model_dump(exclude={"features"}),
            after[name].model_dump(exclude={"features"}),
        )
        yield Change(Verdict.COMPATIBLE, f"derivation {name}", "; ".join(changed))


def _rest(old: Plan, new: Plan) -> Iterator[Change]:
    if old.online != new.online:
        yield Change(
            Verdict.COMPATIBLE, "the plan goes online" if new.online else "the plan goes offline"
        )
    for part in ("late", "flink", "store", "monitoring"):
        for field in _fields(getattr(old, part).model_dump(), getattr(new, part).model_dump()):
            yield Change(Verdict.COMPATIBLE, f"{part}: {field}")
    before, after = old.cost.typical, new.cost.typical
    if before != after:
        what = f"a request reads {requested(before)}, {format_bytes(before.bytes)}"
        yield Change(
            Verdict.COMPATIBLE, f"{what} -> {requested(after)}, {format_bytes(after.bytes)}"
        )


#: Each finds the changes of its part of a plan.
_PARTS: tuple[Callable[[Plan, Plan], Iterator[Change]], ...] = (
    _name,
    _keys,
    _sources,
    _states,
    _levels,
    _events,
    _features,
    _derivations,
    _rest,
)
