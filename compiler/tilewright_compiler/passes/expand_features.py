"""Pass: expand aggregations and windows to named features."""

from __future__ import annotations

from collections.abc import Iterator

from tilewright.aggregation import Aggregation, Edge
from tilewright.arguments.durations import Window
from tilewright.declaration import Declaration
from tilewright.operations.spec import OperationSpec
from tilewright.windows import duration_ms, format_duration

from ..draft import Draft, FeatureSpec
from ..frontend.names import unusable


def expand_features(draft: Draft) -> None:
    """Name a feature for each window and bucket.

    Features keep the order of declaration. `Aggregation(input_column="amount",
    operation=Operation.SUM, windows=["1h", "14d"])` gives `amount_sum_1h` and `amount_sum_14d`;
    with `buckets=["kind"]`, `amount_sum_1h_by_kind` and `amount_sum_14d_by_kind`.
    """
    seen: dict[str, Aggregation] = {}
    for aggregation in draft.group_by.aggregations or ():
        if _sound(aggregation):
            for feature in _features(draft, aggregation):
                if (other := seen.get(feature.name.casefold())) is not None:
                    where = f"here and at line {other.site.line}"
                    if other is aggregation:
                        where = "twice by this aggregation"
                    what = f"the feature {feature.name} is made {where}. Give one a name=…."
                    draft.report("TW006", aggregation.site, what)
                seen.setdefault(feature.name.casefold(), aggregation)
                draft.features.append(feature)


def _sound(aggregation: Aggregation) -> bool:
    parts: list[Declaration | OperationSpec] = [
        aggregation,
        aggregation.operation,
        *(w for w in aggregation.windows or () if isinstance(w, Window)),
    ]
    return not any(part is None or part.problems for part in parts)


def _features(draft: Draft, aggregation: Aggregation) -> Iterator[FeatureSpec]:
    stem = aggregation.name
    if stem is None:
        stem = f"{aggregation.input_column}_{aggregation.operation.suffix}"
    elif why := unusable(stem):
        draft.report("TW007", aggregation.site, f"the feature name {stem!r} {why}.")
    edge = _edge(draft, aggregation)
    buckets = _buckets(draft, aggregation)
    for window in aggregation.windows or (None,):
        window_ms = None if window is None else duration_ms(window)
        name = stem if window_ms is None else f"{stem}_{format_duration(window_ms)}"
        for bucket in buckets or (None,):
            full_name = name if bucket is None else f"{name}_by_{bucket}"
            yield FeatureSpec(full_name, aggregation, window_ms, edge, bucket)


def _buckets(draft: Draft, aggregation: Aggregation) -> list[str]:
    named = list(aggregation.buckets or ())
    for bucket in dict.fromkeys(named):
        if named.count(bucket) > 1:
            draft.report(
                "TW006", aggregation.site, f"the bucket {bucket!r} is named twice. Name it once."
            )
        if bucket in (draft.group_by.keys or ()):
            what = (
                f"buckets names {bucket!r}, which is a key: an entity has one value of it. "
                "Leave it out."
            )
            draft.report("TW010", aggregation.site, what)
    return list(dict.fromkeys(named))


def _edge(draft: Draft, aggregation: Aggregation) -> Edge:
    """Choose the aggregation's own edge mode or the GroupBy's.

    Where no part of a tile can be taken, `prorate` becomes `sawtooth`. Without tiles
    every window is met exactly.
    """
    if not draft.tiled:
        return "exact"
    edge = aggregation.edge or draft.group_by.edge
    if edge != "prorate" or aggregation.operation.prorates:
        return edge
    if aggregation.edge == "prorate":
        what = (
            f"edge='prorate' takes no part of {aggregation.operation.name}: the whole edge "
            "tile counts, as with 'sawtooth'."
        )
        draft.report("TW043", aggregation.site, f"{what} COUNT, SUM and AVERAGE can be prorated.")
    return "sawtooth"
