"""Pass: the states that the features need, each kept once, and their places in a tile's record."""

from __future__ import annotations

from collections import Counter

from ..draft import Declared, Draft, Sized
from ..plan import Feature, State, TileLayout
from ..states import element, lay_out


def lay_out_states(draft: Draft) -> None:
    """Fill the draft's states, plan features and tile layout.

    SUM and AVERAGE of `amount` over any windows share the states `sum_amount` and `count_amount`.
    """
    needed = [[(kind, feature.aggregation.input_column, params) for kind, params in _kept(feature)] for feature in draft.features]
    ids = _ids([state for states in needed for state in states])
    states: dict[str, State] = {}
    for (kind, column, params), state_id in ids:
        of = draft.inputs[column]
        states[state_id] = State(id=state_id, kind=kind, input=column, type=element(of), many=of.endswith("[]"), params=params)
    draft.states = list(states.values())
    columns, variable = lay_out(draft.states)
    compression = draft.config.kv_store.compression
    draft.tile_layout = TileLayout(record_version=1, columns=columns, variable=variable, compression=compression)
    flat = iter(state_id for _, state_id in ids)
    for feature, sized, own in zip(draft.features, draft.sized, needed, strict=True):
        draft.plan_features.append(_plan_feature(draft, feature, sized, [next(flat) for _ in own]))


_Key = tuple[str, str, dict[str, int | str]]


def _kept(feature: Declared) -> tuple[tuple[str, dict[str, int | str]], ...]:
    return feature.aggregation.operation.kept_states()


def _ids(states: list[_Key]) -> list[tuple[_Key, str]]:
    """`{kind}_{input}`, with the values of the parameters where two states differ in nothing else."""
    different = {(kind, column, tuple(params.items())) for kind, column, params in states}
    clashes = Counter((kind, column) for kind, column, _ in different)

    def state_id(kind: str, column: str, params: dict[str, int | str]) -> str:
        values = "".join(f"_{value}" for value in params.values()) if clashes[kind, column] > 1 else ""
        return f"{kind}_{column}{values}"

    return [(state, state_id(*state)) for state in states]


def _plan_feature(draft: Draft, feature: Declared, sized: Sized, states: list[str]) -> Feature:
    aggregation, operation, window_ms = feature.aggregation, feature.aggregation.operation, feature.window_ms
    edge_ms = sized.edge_ms if window_ms is not None else None
    return Feature(
        name=feature.name,
        operation=operation.name,
        params=operation.params,
        input=aggregation.input_column,
        type=feature.type(element(draft.inputs[aggregation.input_column])),
        window_ms=window_ms,
        levels_ms=list(sized.levels_ms),
        edge=feature.edge,
        edge_ms=edge_ms,
        rule=sized.rule,
        states=states,
        max_edge_error=edge_ms / window_ms if edge_ms is not None and window_ms is not None else 0.0,
        default=aggregation.default,
    )
