"""What each tile of a cover contributed."""

from __future__ import annotations

from support.plans import AT, MINUTE, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime import Fetcher
from tilewright_runtime.fetch.explain import explain


def test_the_newest_tiles_are_told_apart() -> None:
    """Of 600 tiles the 500 newest are listed, oldest first, and 100 are counted."""
    counts = aggregations("n", [Operation.COUNT], ["3d"])
    session = Session(plan_of(SCHEMA, ["k"], counts, tile_size="5m"))
    times = [AT - 5 * MINUTE * index for index in range(600, 0, -1)]
    session.write([row("a", 1, ts=time) for time in times])
    (share,) = explain(Fetcher(session.plan, session.store), {"k": "a"}, AT).windows
    starts = [tile.start_ms for tile in share.tiles]
    assert starts == [time - time % (5 * MINUTE) for time in times[100:]]
    assert (share.tile_count, share.omitted) == (600, 100)
