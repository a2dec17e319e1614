"""Pass: choose the states, and lay out a tile's record."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from ..draft import Draft, FeatureSpec, TileSize
from ..plan.model import BucketLayout, Feature, State, TileLayout
from ..plan.types import element
from ..states import lay_out


def lay_out_states(draft: Draft) -> None:
    """Fill the draft's states, plan features and tile layout.

    SUM and AVERAGE of `amount` over any windows share the states `sum_amount` and `count_amount`;
    by bucket `kind` they share `sum_amount_by_kind` and `count_amount_by_kind`, which a tile keeps
    for each value of `kind`.
    """
    needed = [
        [
            _StateKey(kind, feature.aggregation.input_column, feature.bucket, tuple(params.items()))
            for kind, params in _kept(feature)
        ]
        for feature in draft.features
    ]
    ids = _ids(list(dict.fromkeys(kept for states in needed for kept in states)))
    draft.states = [_state(draft, kept, state_id) for kept, state_id in ids.items()]
    columns, variable = lay_out([state for state in draft.states if state.bucket is None])
    draft.tile_layout = TileLayout(
        record_version=1,
        columns=columns,
        variable=variable,
        buckets=[
            _bucket_layout(draft, bucket)
            for bucket in dict.fromkeys(state.bucket for state in draft.states)
            if bucket is not None
        ],
        compression=draft.config.kv_store.compression,
    )
    for feature, sized, own in zip(draft.features, draft.sized, needed, strict=True):
        draft.plan_features.append(
            _plan_feature(draft, feature, sized, [ids[kept] for kept in own])
        )


class _StateKey(NamedTuple):
    """A state that has no id yet."""

    kind: str
    column: str
    bucket: str | None
    params: tuple[tuple[str, int | str], ...]


def _kept(feature: FeatureSpec) -> tuple[tuple[str, dict[str, int | str]], ...]:
    return feature.aggregation.operation.kept_states()


def _state(draft: Draft, kept: _StateKey, state_id: str) -> State:
    of = draft.columns[kept.column]
    many, params = of.endswith("[]"), dict(kept.params)
    return State(
        id=state_id,
        kind=kept.kind,
        input=kept.column,
        type=element(of),
        many=many,
        bucket=kept.bucket,
        params=params,
    )


def _bucket_layout(draft: Draft, bucket: str) -> BucketLayout:
    columns, variable = lay_out([state for state in draft.states if state.bucket == bucket])
    return BucketLayout(
        column=bucket, type=draft.columns[bucket], columns=columns, variable=variable
    )


def _ids(states: list[_StateKey]) -> dict[_StateKey, str]:
    """Name each state `{kind}_{input}[_by_{bucket}]`.

    Where two states differ only in parameters, the name has the values of these too.
    """
    alike = Counter((kept.kind, kept.column, kept.bucket) for kept in states)
    ids: dict[str, _StateKey] = {}
    for kept in states:
        values = "".join(f"_{value}" for _, value in kept.params) if alike[kept[:3]] > 1 else ""
        state_id = f"{kept.kind}_{kept.column}{values}" + (
            f"_by_{kept.bucket}" if kept.bucket is not None else ""
        )
        while state_id in ids:  # `first` of `k_x` and `first_k` of `x`
            state_id += "_2"
        ids[state_id] = kept
    return {kept: state_id for state_id, kept in ids.items()}


def _plan_feature(
    draft: Draft, feature: FeatureSpec, sized: TileSize, states: list[str]
) -> Feature:
    aggregation, operation, window_ms = (
        feature.aggregation,
        feature.aggregation.operation,
        feature.window_ms,
    )
    edge_ms = sized.edge_ms if window_ms is not None else None
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
        max_edge_error=edge_ms / window_ms
        if edge_ms is not None and window_ms is not None and feature.edge != "exact"
        else 0.0,
        default=aggregation.default,
    )
