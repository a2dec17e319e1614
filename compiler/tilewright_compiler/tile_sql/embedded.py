"""What of a plan only the embedded writer carries out."""

from __future__ import annotations

from collections.abc import Iterator

from ..plan.model import Plan


def only_embedded(plan: Plan) -> Iterator[str]:
    """Say what no other engine carries out, without a period."""
    if plan.late.policy != "delta":
        yield f"late={plan.late.policy!r}, which only tilewright write carries out"
    elif plan.events is not None:
        yield "it keeps raw events (edge='exact', or no tiles), which only tilewright write does"
    for source in plan.sources:
        name = f"source {source.name}"
        if source.event_id is not None:
            yield f"{name}: its event_id, for only tilewright write passes over duplicates"
        if source.null_values:
            yield f"{name}: its null_values, which only tilewright write reads as null"
