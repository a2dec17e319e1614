"""What the parts of a plan must have in common.

Whatever runs a plan relies on it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise

from tilewright import operations
from tilewright.operations.spec import OperationSpec
from tilewright.windows import LONGEST_MS, SECOND_MS

from ..plan.defaults import default_value
from ..plan.model import Derivation, Feature, Plan, State
from ..plan.types import family, is_type

_NAME = re.compile(r"\w+(?:\.\w+)*")
#: The largest parameter of a state, such as the size of a sketch or of a set.
_LARGEST_PARAMETER = 10_000_000


def check_plan(plan: Plan) -> None:
    """Require that a plan's parts refer to each other.

    Raises ValueError if they do not.
    """
    for problem in _problems(plan):
        raise ValueError(problem)


def _problems(plan: Plan) -> Iterator[str]:
    yield from _names(plan)
    yield from _types(plan)
    yield from _sizes(plan)
    yield from _sources(plan)
    for state in plan.states:
        yield from _state(plan, state)
    for feature in plan.features:
        yield from _feature(plan, feature)
    yield from _derivations(plan)
    yield from _events(plan)
    yield from _late(plan)


def _names(plan: Plan) -> Iterator[str]:
    if not _NAME.fullmatch(plan.name):
        yield f"name: {plan.name!r} is not made of words and dots"
    answers: list[Feature | Derivation] = [*plan.features, *plan.derivations]
    named = {
        "keys": [key.name for key in plan.keys],
        "sources": [source.name for source in plan.sources],
        "states": [state.id for state in plan.states],
        "features": [answer.name for answer in answers],
        "tile_layout.buckets": [bucket.column for bucket in plan.tile_layout.buckets],
    }
    for part, names in named.items():
        for name, count in Counter(names).items():
            if count > 1:
                yield f"{part}: {name!r} is there {count} times"
    for part in ("keys", "sources", "states", "features"):
        if not named[part]:
            yield f"{part}: there is none"
    if set(plan.sql) != set(named["sources"]):
        yield f"sql: it has scripts for {sorted(plan.sql)}, not for the sources"
    if any(set(scripts) != {"duckdb"} for scripts in plan.sql.values()):
        yield "sql: a source has no script for duckdb, or one for something else"


def _types(plan: Plan) -> Iterator[str]:
    for key in plan.keys:
        if family(key.type) is None:
            yield f"keys: {key.type!r} is not a type of a key"
    for state in plan.states:
        if family(state.type) is None:
            yield f"states: {state.type!r} is not a type that tiles hold"
    answers: list[Feature | Derivation] = [*plan.features, *plan.derivations]
    for answer in answers:
        if not is_type(answer.type):
            yield f"features: {answer.type!r} is not a type of {answer.name}"


def _sizes(plan: Plan) -> Iterator[str]:
    sizes = [level.size_ms for level in plan.levels]
    chunks = [] if plan.events is None else [plan.events.size_ms]
    for size_ms in [*sizes, *chunks]:
        if size_ms % SECOND_MS or size_ms > LONGEST_MS:
            yield f"levels: {size_ms} ms is no size of a tile"
    for coarser, finer in pairwise(sizes):
        if coarser <= finer or coarser % finer:
            yield f"levels: {finer} ms does not divide {coarser} ms"
    has_script = {bool(scripts["duckdb"].tiles) for scripts in plan.sql.values()}
    if has_script != {bool(sizes)}:
        yield "sql: tiles are made where there are levels, and only there"


def _sources(plan: Plan) -> Iterator[str]:
    read = {key.name for key in plan.keys} | {state.input for state in plan.states}
    read |= {state.bucket for state in plan.states if state.bucket is not None}
    buckets = {bucket.column for bucket in plan.tile_layout.buckets}
    for source in plan.sources:
        columns = [column.name.casefold() for column in source.columns]
        if len(set(columns)) < len(columns):
            yield f"sources: {source.name} has a column twice"
        for name in sorted(read - set(source.selects)):
            yield f"sources: {source.name} does not select {name!r}"
        script = plan.sql[source.name]["duckdb"]
        if plan.levels and set(script.buckets) != buckets:
            yield f"sql: {source.name} has other buckets than the tile layout"
        if (script.events is None) != (plan.events is None):
            yield f"sql: {source.name} gives raw events where none are kept, or none"


def _state(plan: Plan, state: State) -> Iterator[str]:
    buckets = {bucket.column for bucket in plan.tile_layout.buckets}
    if state.bucket is not None and state.bucket not in buckets:
        yield f"states: {state.id} is by {state.bucket!r}, which the tile layout does not have"
    for name, value in state.params.items():
        if isinstance(value, int) and not 1 <= value <= _LARGEST_PARAMETER:
            yield f"states: {state.id} has {name} {value}"


def _feature(plan: Plan, feature: Feature) -> Iterator[str]:
    yield from _computed(plan, feature)
    if feature.window_ms is not None and feature.window_ms > LONGEST_MS:
        yield f"features: {feature.name} has a window of {feature.window_ms} ms"
    sizes = [level.size_ms for level in plan.levels]
    levels = [size for size in sizes if size in feature.levels_ms]
    if levels != feature.levels_ms:
        yield f"features: {feature.name} has levels that the plan lacks, or in another order"
    if bool(levels) != bool(sizes):
        yield f"features: {feature.name} is computed from tiles where there are none, or not"
    edge_ms = feature.levels_ms[-1] if levels and feature.window_ms is not None else None
    if levels and feature.edge_ms != edge_ms:
        yield f"features: {feature.name} has the edge {feature.edge_ms} ms, not {edge_ms} ms"
    if feature.edge == "exact" and plan.events is None:
        yield f"features: {feature.name} is exact, and no raw events are kept"
    if not levels and feature.edge != "exact":
        yield f"features: {feature.name} is not exact, and there are no tiles"


def _computed(plan: Plan, feature: Feature) -> Iterator[str]:
    """Find what is wrong with an operation and its states."""
    states = {state.id: state for state in plan.states}
    if unknown := [name for name in feature.states if name not in states]:
        yield f"features: {feature.name} is computed from {unknown[0]!r}, which is no state"
        return
    own = [states[name] for name in feature.states]
    if any((state.input, state.bucket) != (feature.input, feature.bucket) for state in own):
        yield f"features: {feature.name} is computed from states of another column"
    kind = _operations().get(feature.operation)
    if kind is None:
        yield f"features: {feature.operation}({feature.params}) is no operation"
        return
    if not kind.fits(feature.params):
        yield f"features: {feature.operation} has other parameters than {feature.params}"
        return
    operation = kind.of_params(feature.params)
    wanted = [(kind, _shape(params)) for kind, params in operation.kept_states()]
    if wanted != [(state.kind, _shape(state.params)) for state in own]:
        yield f"features: {feature.name} is computed from other states than {feature.operation}"
        return
    yield from _answer(plan, feature, operation, own[0])
    if any(family(state.type) not in operation.accepts for state in own):
        yield f"features: {feature.operation} does not take {feature.input!r}"


def _shape(params: Mapping[str, int | str]) -> dict[str, type | str]:
    """Reduce parameters to what the kind of state settles.

    That is the texts, and which parameters are numbers.
    """
    return {name: value if isinstance(value, str) else int for name, value in params.items()}


def _answer(plan: Plan, feature: Feature, operation: OperationSpec, state: State) -> Iterator[str]:
    """Find what is wrong with a value's type and default.

    The value is computed from a state.
    """
    value = operation.result(state.type, family(state.type) or "")
    if feature.edge == "prorate":
        value = "DOUBLE"
    of_bucket = {bucket.column: bucket.type for bucket in plan.tile_layout.buckets}
    if feature.bucket is not None:
        value = f"MAP({of_bucket[feature.bucket]}, {value})"
    if feature.type != value:
        yield f"features: {feature.name} is a {feature.type}, not a {value}"
        return
    try:
        if feature.default is not None:
            default_value(feature.default, feature.type)
    except (TypeError, ValueError, ArithmeticError) as error:
        yield f"features: {feature.name} has no default of its type: {error}"


@cache
def _operations() -> dict[str, type[OperationSpec]]:
    known: dict[str, type[OperationSpec]] = {}
    for kind in vars(operations).values():
        if isinstance(kind, type) and issubclass(kind, OperationSpec) and "name" in vars(kind):
            known[kind.name] = kind
    return known


def _derivations(plan: Plan) -> Iterator[str]:
    features = {feature.name for feature in plan.features}
    for derivation in plan.derivations:
        if unknown := sorted(set(derivation.features) - features):
            yield f"derivations: {derivation.name} reads {unknown[0]!r}, which is no feature"


def _late(plan: Plan) -> Iterator[str]:
    inputs = {state.input for state in plan.states} - {key.name for key in plan.keys}
    if unknown := sorted(set(plan.late.approximate) - inputs):
        yield f"late: {unknown[0]!r} is no input that can be left out"
    if bool(plan.late.approximate) != (plan.late.policy == "approximate"):
        yield "late: inputs are left out if the policy is approximate, and only then"
    if plan.late.policy != "delta" and not plan.levels:
        yield f"late: {plan.late.policy} is about tiles, and there are none"
    if plan.late.policy == "recompute" and plan.events is None:
        yield "late: tiles are computed again from events, and none are kept"


def _events(plan: Plan) -> Iterator[str]:
    if plan.events is None:
        return
    names = [column.name for column in plan.events.columns]
    if names[:1] != ["__ts"] or len(set(names)) < len(names):
        yield "events: the columns do not begin with __ts, or one is there twice"
    types = {state.input: state.type + "[]" * state.many for state in plan.states}
    types |= {bucket.column: bucket.type for bucket in plan.tile_layout.buckets}
    for column in plan.events.columns[1:]:
        if types.get(column.name) != column.type:
            yield f"events: {column.name!r} is not a {column.type} of a state or bucket"
    if plan.late.policy == "recompute":
        for state in plan.states:
            if state.input not in names or (state.bucket or state.input) not in names:
                yield f"events: {state.input!r} is computed again from them, and not kept"
    for name in _exact_columns(plan.features):
        if name not in names:
            yield f"events: {name!r} is asked for exactly, and not kept"
    if plan.levels and plan.events.size_ms != plan.levels[-1].size_ms:
        yield "events: chunks are not as long as tiles of the finest level"


def _exact_columns(features: Iterable[Feature]) -> Iterator[str]:
    for feature in features:
        if feature.edge == "exact":
            yield feature.input
            if feature.bucket is not None:
                yield feature.bucket
