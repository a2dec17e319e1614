"""Pass: choose the states, and lay out a tile's record."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import NamedTuple

from ..draft import Contents, Draft, FeatureSpec, TileSize
from ..plan.layout import BucketLayout, TileLayout
from ..plan.model import Feature, State
from ..plan.types import element
from ..states import lay_out


def lay_out_states(draft: Draft) -> Contents:
    """Choose what tiles hold.

    That is states, the features made of them, and the layout of a record.

    SUM and AVERAGE of `amount` over any windows share the states `sum_amount` and `count_amount`;
    by bucket `kind` they share `sum_amount_by_kind` and `count_amount_by_kind`, which a tile keeps
    for each value of `kind`.
    """
    needed = [_state_keys(feature) for feature in draft.features]
    ids = _ids(list(dict.fromkeys(chain.from_iterable(needed))))
    states = [_state(draft, key, state_id) for key, state_id in ids.items()]
    columns, variable = lay_out([state for state in states if state.bucket is None])
    buckets: dict[str, None] = {}
    for state in states:
        if state.bucket is not None:
            buckets[state.bucket] = None
    layout = TileLayout(
        record_version=1,
        columns=columns,
        variable=variable,
        buckets=[_bucket_layout(draft, states, bucket) for bucket in buckets],
        compression=draft.config.kv_store.compression,
    )
    features: list[Feature] = []
    for feature, sized, keys in zip(draft.features, draft.sized, needed, strict=True):
        features.append(_plan_feature(draft, feature, sized, [ids[key] for key in keys]))
    return Contents(states, features, layout)


class _StateKey(NamedTuple):
    """A state that has no id yet."""

    kind: str
    column: str
    bucket: str | None
    params: tuple[tuple[str, int | str], ...]


def _state_keys(feature: FeatureSpec) -> list[_StateKey]:
    """List the states that a feature needs."""
    aggregation = feature.aggregation
    keys: list[_StateKey] = []
    for kind, params in aggregation.operation.kept_states():
        parameters = tuple(params.items())
        keys.append(_StateKey(kind, aggregation.input_column, feature.bucket, parameters))
    return keys


def _state(draft: Draft, key: _StateKey, state_id: str) -> State:
    input_type = draft.columns[key.column]
    return State(
        id=state_id,
        kind=key.kind,
        input=key.column,
        type=element(input_type),
        many=input_type.endswith("[]"),
        bucket=key.bucket,
        params=dict(key.params),
    )


def _bucket_layout(draft: Draft, states: list[State], bucket: str) -> BucketLayout:
    columns, variable = lay_out([state for state in states if state.bucket == bucket])
    return BucketLayout(
        column=bucket, type=draft.columns[bucket], columns=columns, variable=variable
    )


def _ids(states: list[_StateKey]) -> dict[_StateKey, str]:
    """Name each state `{kind}_{input}[_by_{bucket}]`.

    Where two states differ only in parameters, the name has the values of these too.
    """
    alike = Counter((key.kind, key.column, key.bucket) for key in states)
    ids: dict[_StateKey, str] = {}
    taken: set[str] = set()
    for key in states:
        state_id = f"{key.kind}_{key.column}"
        if alike[key.kind, key.column, key.bucket] > 1:
            state_id += "".join(f"_{value}" for _, value in key.params)
        if key.bucket is not None:
            state_id += f"_by_{key.bucket}"
        while state_id in taken:  # `first` of `k_x` and `first_k` of `x`
            state_id += "_2"
        taken.add(state_id)
        ids[key] = state_id
    return ids


def _plan_feature(
    draft: Draft, feature: FeatureSpec, sized: TileSize, states: list[str]
) -> Feature:
    aggregation, operation = feature.aggregation, feature.aggregation.operation
    window_ms = feature.window_ms
    edge_ms = sized.edge_ms if window_ms is not None else None
    max_edge_error = 0.0
    if edge_ms is not None and window_ms is not None and feature.edge != "exact":
        max_edge_error = edge_ms / window_ms
    return Feature(
        name=feature.name,
        operation=operation.name,
        params=operation.params,
        input=aggregation.input_column,
        bucket=feature.bucket,
        type=feature.type(draft.columns),
        window_ms=window_ms,
        levels_ms=list(sized.levels_ms),
        edge=feature.edge,
        edge_ms=edge_ms,
        rule=sized.rule,
        states=states,
        max_edge_error=max_edge_error,
        default=aggregation.default,
        declared=draft.place(aggregation.site),
    )
