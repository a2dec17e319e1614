"""What a fetch adds to its plan's numbers."""

from __future__ import annotations

from support.plans import aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_compiler.plan.metrics import TILES_PER_REQUEST
from tilewright_runtime import Fetcher
from tilewright_runtime.metrics import metrics_of


def test_a_live_fetch_is_not_counted_with_the_tiles_of_the_future() -> None:
    """An hour in tiles of five minutes has twelve, and one more unless the time is aligned."""
    plan = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM]), name="counted_live")
    session = Session(plan)
    session.write([row("a", 1)])
    Fetcher(plan, session.store).fetch({"k": "a"})
    assert metrics_of("counted_live").values()[TILES_PER_REQUEST.name][-1] in (12, 13)
