"""Changes of what identifies and fills tiles: keys, sources, states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..plan.model import Plan, Source, State
from .parts import columns_text, pair
from .verdicts import Change, Verdict


def name_changes(old: Plan, new: Plan) -> Iterator[Change]:
    """Compare the names, which are part of every key."""
    if old.name != new.name:
        yield Change(
            Verdict.NEW_TABLE,
            f"name {old.name} -> {new.name}",
            "the name is part of every tile's key",
        )


def key_changes(old: Plan, new: Plan) -> Iterator[Change]:
    """Compare the key columns and how keys are written."""
    if old.keys != new.keys:
        yield Change(
            Verdict.NEW_TABLE,
            f"keys {columns_text(old.keys)} -> {columns_text(new.keys)}",
            "tiles are found by their keys",
        )
    if (
        old.key_layout.ordered != new.key_layout.ordered
        or old.key_layout.entity != new.key_layout.entity
    ):
        yield Change(Verdict.NEW_TABLE, "the layout of keys", "tiles are found by their keys")


def source_changes(old: Plan, new: Plan) -> Iterator[Change]:
    """Compare the sources, by name."""
    sources = pair(_by_name(old), _by_name(new))
    for name in sources.gone:
        yield Change(
            Verdict.NEW_TABLE,
            f"source {name} is gone",
            "stored tiles hold its events; a source that is renamed is read again",
        )
    for name in sources.new:
        yield Change(
            Verdict.NEW_TABLE,
            f"source {name} is new",
            "stored tiles lack its history; a source that is renamed is read again",
        )
    for name, (before, after) in sources.both.items():
        yield from _source(name, _facts(old, before), _facts(new, after))


def _by_name(plan: Plan) -> dict[str, Source]:
    return {source.name: source for source in plan.sources}


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
    used: set[str | None] = {column.name for column in plan.keys}
    for state in plan.states:
        used |= {state.input, state.bucket}
    facts = {
        "table": source.table,
        "topic": source.topic,
        "dialect": source.dialect,
        "time_column": source.time_column,
        "wheres": " and ".join(source.wheres) or None,
        "schema": columns_text(source.columns),
    }
    for name, text in source.selects.items():
        facts[f"column {name}" if name in used else f"unused column {name}"] = text
    return facts


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)


def state_changes(old: Plan, new: Plan) -> Iterator[Change]:
    """Compare the states, and how records hold them."""
    states = pair(_by_id(old), _by_id(new))
    why = "a tile's record holds exactly the states of its plan"
    for name in states.gone:
        yield Change(Verdict.NEW_TABLE, f"state {name} is gone", why)
    for name in states.new:
        yield Change(Verdict.NEW_TABLE, f"state {name} is new", why)
    for state in old.states:
        before, after = states.both.get(state.id, (state, state))
        if before != after:
            what = (
                f"state {state.id}: {before.subject} {before.params} -> "
                f"{after.subject} {after.params}"
            )
            yield Change(Verdict.NEW_TABLE, what, why)
    if old.tile_layout.record_version != new.tile_layout.record_version:
        yield Change(Verdict.NEW_TABLE, "the layout of records", why)


def _by_id(plan: Plan) -> dict[str, State]:
    return {state.id: state for state in plan.states}
