"""Whether the parts of a plan fit each other, so that nothing stumbles over one that was edited."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from tilewright.windows import LONGEST_MS, SECOND_MS
from tilewright_compiler.plan.model import Feature, FixedColumn, Plan, VariableField

Name = TypeVar("Name", str, int)

_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


def contradictions(plan: Plan) -> Iterator[str]:
    """Say what contradicts itself in a plan; each part by the path of its key."""
    yield from _fingerprints(plan)
    yield from _names(plan)
    yield from _sizes(plan)
    yield from _sources(plan)
    for index, feature in enumerate(plan.features):
        for problem in _feature(plan, feature):
            yield f"features.{index}: {problem}"
    yield from _layout(plan)
    yield from _derivations(plan)
    yield from _amounts(plan)


def _fingerprints(plan: Plan) -> Iterator[str]:
    if not _FINGERPRINT.fullmatch(plan.storage_fingerprint):
        yield "storage_fingerprint: not 16 hexadecimal digits"


def _names(plan: Plan) -> Iterator[str]:
    named = {
        "keys": [key.name for key in plan.keys],
        "sources": [source.name for source in plan.sources],
        "states": [state.id for state in plan.states],
        "features": [feature.name for feature in plan.features],
        "derivations": [derivation.name for derivation in plan.derivations],
    }
    for part, names in named.items():
        if twice := _twice(names):
            yield f"{part}: {twice!r} stands there twice"
    for part in ("keys", "sources", "features"):
        if not named[part]:
            yield f"{part}: there is none"
    if not plan.name:
        yield "name: it is empty"


def _twice(names: Sequence[str]) -> str | None:
    return next((name for name in names if names.count(name) > 1), None)


def _sizes(plan: Plan) -> Iterator[str]:
    sizes = [level.size_ms for level in plan.levels]
    for size_ms in sizes:
        if not SECOND_MS <= size_ms <= LONGEST_MS or size_ms % SECOND_MS:
            yield f"levels: {size_ms} ms is no size of a tile"
            return
    if any(coarse <= fine or coarse % fine for coarse, fine in pairwise(sizes)):
        yield "levels: each size must divide the one before it"
    if plan.events is not None and not SECOND_MS <= plan.events.size_ms <= LONGEST_MS:
        yield f"events.size_ms: {plan.events.size_ms} ms is no size of a chunk"
    kept = [level.ttl_ms for level in plan.levels]
    kept += [] if plan.events is None else [plan.events.ttl_ms]
    if any(ttl_ms is not None and ttl_ms < 0 for ttl_ms in kept):
        yield "ttl_ms: it is negative"
    if not sizes and plan.events is None:
        yield "levels: there is neither a level nor a log of events"


def _sources(plan: Plan) -> Iterator[str]:
    names = {source.name for source in plan.sources}
    if set(plan.sql) != names:
        yield "sql: it is not of the sources that the plan has"
    for name, scripts in plan.sql.items():
        if "duckdb" not in scripts:
            yield f"sql.{name}: the script for duckdb is missing"
    for scripts in plan.sql.values():
        for script in scripts.values():
            if plan.levels and script.tiles is None:
                yield "sql: there are levels, but no statement that makes tiles"
            if plan.events is not None and script.events is None:
                yield "sql: there is a log of events, but no statement that makes it"


def _feature(plan: Plan, feature: Feature) -> Iterator[str]:
    states = {state.id for state in plan.states}
    sizes = [level.size_ms for level in plan.levels]
    if unknown := _unknown(feature.states, states):
        yield f"the state {unknown!r} is not among the states"
    if unknown_size := _unknown(feature.levels_ms, sizes):
        yield f"the level {unknown_size} is not among the levels"
    elif any(coarse <= fine for coarse, fine in pairwise(feature.levels_ms)):
        yield "levels_ms: not coarsest first"
    if feature.window_ms is not None and not 0 < feature.window_ms <= LONGEST_MS:
        yield f"window_ms: {feature.window_ms} ms is no length of a window"
    edge_ms = feature.levels_ms[-1] if feature.levels_ms else None
    if feature.window_ms is not None and plan.levels and feature.edge_ms != edge_ms:
        yield "edge_ms: not the last of levels_ms"
    if not math.isfinite(feature.max_edge_error):
        yield "max_edge_error: not a number"


def _unknown(names: Iterable[Name], known: Iterable[Name]) -> Name | None:
    return next((name for name in names if name not in known), None)


def _layout(plan: Plan) -> Iterator[str]:
    states = {state.id for state in plan.states}
    layout = plan.tile_layout
    groups: list[tuple[str, Sequence[FixedColumn], Sequence[VariableField]]] = [
        ("tile_layout", layout.columns, layout.variable)
    ]
    groups += [
        (f"tile_layout.buckets.{bucket.column}", bucket.columns, bucket.variable)
        for bucket in layout.buckets
    ]
    for part, columns, fields in groups:
        held = [column.state for column in columns] + [field.state for field in fields]
        if unknown := _unknown(held, states):
            yield f"{part}: the state {unknown!r} is not among the states"
        names = [f"{column.state}.{column.field}" for column in columns]
        names += [f"{field.state}.{field.field}" for field in fields]
        if twice := _twice(names):
            yield f"{part}: {twice!r} stands there twice"
        halves = {name.removesuffix(".hi") for name in names if name.endswith(".hi")}
        if missing := [half for half in halves if f"{half}.lo" not in names]:
            yield f"{part}: {missing[0]!r} has only one of its halves"
    if twice := _twice([bucket.column for bucket in layout.buckets]):
        yield f"tile_layout.buckets: {twice!r} stands there twice"


def _derivations(plan: Plan) -> Iterator[str]:
    features = {feature.name for feature in plan.features}
    for derivation in plan.derivations:
        if unknown := _unknown(derivation.features, features):
            yield f"derivations: the feature {unknown!r} is not among the features"
        if derivation.name in features:
            yield f"derivations: {derivation.name!r} is a feature too"


def _amounts(plan: Plan) -> Iterator[str]:
    times = {
        "late.allowed_lateness_ms": plan.late.allowed_lateness_ms,
        "late.out_of_orderness_ms": plan.late.out_of_orderness_ms,
    }
    for path, time_ms in times.items():
        if not 0 <= time_ms <= LONGEST_MS:
            yield f"{path}: {time_ms} ms is no length of time"
    for path, request in {"typical": plan.cost.typical, "worst": plan.cost.worst}.items():
        if min(request.tiles, request.chunks, request.bytes, request.round_trips) < 0:
            yield f"cost.{path}: an amount is negative"
