"""Pass: choose what becomes of late events."""

from __future__ import annotations

from tilewright.aggregation import Aggregation, LatePolicy

from ..draft import Draft


def choose_late_policy(draft: Draft) -> None:
    """Find the policy of the GroupBy.

    One that cannot be carried out is reported.

    All states allow `delta`, so that is the default. One aggregation that says `recompute` has
    whole tiles computed again, which gives the others what `delta` would. Aggregations that say
    `approximate` leave the late values of their inputs out.
    """
    chosen: dict[str, dict[LatePolicy, Aggregation]] = {}
    for feature in draft.features:
        aggregation = feature.aggregation
        policy = aggregation.late or draft.group_by.late
        chosen.setdefault(aggregation.input_column, {}).setdefault(policy, aggregation)
    of_policy: dict[LatePolicy, Aggregation] = {}
    for policies in chosen.values():
        of_policy = {**policies, **of_policy}
    if draft.tiled:
        _require_one_meaning(draft, chosen, of_policy)
    else:
        _require_delta(draft, of_policy)
    draft.approximate = [name for name, policies in chosen.items() if "approximate" in policies]
    if "recompute" in of_policy:
        draft.late_policy = "recompute"
    elif draft.approximate:
        draft.late_policy = "approximate"


def _require_delta(draft: Draft, of_policy: dict[LatePolicy, Aggregation]) -> None:
    for policy, aggregation in of_policy.items():
        if policy != "delta":
            what = (
                f"late={policy!r} is about tiles, and without tiling_enabled=True there are none: "
                "late events are kept as all others. Leave it out, or enable tiles."
            )
            draft.report("TW045", aggregation.site, what)


def _require_one_meaning(
    draft: Draft,
    chosen: dict[str, dict[LatePolicy, Aggregation]],
    of_policy: dict[LatePolicy, Aggregation],
) -> None:
    if "recompute" in of_policy and "approximate" in of_policy:
        what = (
            "late='approximate' beside late='recompute': one record holds the states of both, and "
            "computing it again would count what was left out. Use one of them in this GroupBy."
        )
        draft.report("TW045", of_policy["approximate"].site, what)
    for name, policies in chosen.items():
        if "approximate" not in policies:
            continue
        site = policies["approximate"].site
        if len(policies) > 1:
            what = (
                f"late='approximate' for {name!r}, which another aggregation counts in another "
                "way: they share the states of a column. Say the same in both."
            )
            draft.report("TW045", site, what)
        if name in (draft.group_by.keys or ()):
            what = (
                f"late='approximate' for the key {name!r}: late values of a key cannot be left out "
                "by themselves. Select it under another name too, and aggregate that."
            )
            draft.report("TW045", site, what)
