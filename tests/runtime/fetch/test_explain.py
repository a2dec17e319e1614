"""Explaining a fetch: the same answer, the five steps, and shares that add up to it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from support.plans import AT, DAY, HOUR, MINUTE, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime import Fetcher
from tilewright_runtime.errors import KeyValueError
from tilewright_runtime.fetch.explain import Explanation, explain
from tilewright_runtime.reports.explanation import print_explanation


@pytest.fixture
def session() -> Session:
    """Sums over an hour, twelve hours and a lifetime, of events in several tiles, one of them after
    the query time.
    """
    made = plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations("n", [Operation.SUM, Operation.TOP_K(2)], ["1h", "12h"]),
            *aggregations("t", [Operation.COUNT, Operation.LAST], None),
        ],
    )
    session = Session(made)
    times = [AT - MINUTE, AT - 20 * MINUTE, AT - 3 * HOUR, AT - 40 * DAY, AT + 20 * MINUTE]
    session.write([row("a", 10**place, f"[b]{place}", ts) for place, ts in enumerate(times)])
    return session


def explained(session: Session, at: int = AT, key: str = "a") -> Explanation:
    return explain(Fetcher(session.plan, session.store), {"k": key}, at)


@pytest.mark.parametrize("at", [AT, AT - MINUTE, AT - MINUTE + 1, AT + HOUR, AT - 50 * DAY])
@pytest.mark.parametrize("key", ["a", "nobody"])
def test_explaining_changes_no_answer(session: Session, at: int, key: str) -> None:
    """The answer is that of a plain fetch, at every kind of time."""
    assert explained(session, at, key).answer == Fetcher(session.plan, session.store).fetch(
        {"k": key}, at=at
    )


def test_the_five_steps_are_told(session: Session) -> None:
    """Range, expand, fetch, boundaries and merge, each with its time (design §7)."""
    explanation = explained(session)
    assert [step.name for step in explanation.steps] == [
        "range",
        "expand",
        "fetch",
        "boundaries",
        "merge",
    ]
    assert all(step.seconds >= 0 and step.detail for step in explanation.steps)
    assert explanation.seconds == pytest.approx(sum(step.seconds for step in explanation.steps))


def test_the_tiles_of_a_window_add_up_to_its_value(session: Session) -> None:
    """What each tile contributes to a sum and a count is, together, the value; so are its
    events.
    """
    for share in explained(session).windows:
        for name, value in share.values.items():
            if "_sum" in name or "_count" in name:
                assert sum(tile.values[name] for tile in share.tiles) == value
        assert (
            sum(tile.events for tile in share.tiles)
            == {HOUR: 2, 12 * HOUR: 3, None: 4}[share.window.window_ms]
        )


def test_the_tiles_of_a_window_lie_in_its_cover(session: Session) -> None:
    """Each tile that is shown belongs to one segment of the cover, and none holds a later event."""
    for share in explained(session).windows:
        for tile in share.tiles:
            assert [
                s
                for s in share.segments
                if s.start_ms <= tile.start_ms < s.end_ms and s.size_ms == tile.size_ms
            ]
            assert tile.start_ms <= tile.newest_ms < AT


def test_keys_that_do_not_fit_are_refused(session: Session) -> None:
    """Explaining raises what a fetch raises."""
    with pytest.raises(KeyValueError):
        explain(Fetcher(session.plan, session.store), {}, AT)


def test_parts_of_prorated_tiles_are_shown() -> None:
    """What a cut tile contributes is its part of its values, and the window's line says which
    part.
    """
    session = Session(plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM], edge="prorate")))
    session.write([row("a", 300, ts=AT - HOUR), row("a", 300, ts=AT - 1), row("a", 0, ts=AT)])
    (share,) = explained(session).windows
    assert [tile.values["n_sum_prorate_1h"] for tile in share.tiles] == [155.0, 145.0]
    out = io.StringIO()
    print_explanation(Console(file=out, width=300), explained(session))
    assert "51.7% of the oldest tile counts; 48.3% of the newest tile counts" in out.getvalue()


@pytest.mark.parametrize("tiled", [True, False])
def test_raw_events_add_up_with_the_tiles(tiled: bool) -> None:
    """Stretches of raw events stand among the tiles of an exact window, and all together are its
    value.
    """
    made = plan_of(
        SCHEMA, ["k"], aggregations("n", [Operation.SUM], ["1h", "12h"], "exact"), tiled=tiled
    )
    session = Session(made)
    session.write(
        [
            row("a", 10**i, ts=ts)
            for i, ts in enumerate([AT - HOUR - 1, AT - HOUR, AT - 20 * MINUTE, AT - 1, AT])
        ]
    )
    explanation = explained(session)
    assert [list(share.values.values()) for share in explanation.windows] == [[1110], [1111]]
    for share in explanation.windows:
        (name,) = share.values
        assert sum(tile.values[name] for tile in share.tiles) == share.values[name]
    out = io.StringIO()
    print_explanation(Console(file=out, width=300), explanation)
    want = (
        "1 of 11 tiles (11 × 5m) hold events; 2 raw events beside them"
        if tiled
        else "2024-01-04T14:37:25Z), 3 raw events"
    )
    assert want in out.getvalue()
    assert "Jan 04 13:37 events" in out.getvalue()


def test_a_key_does_not_reach_the_terminal_as_commands(session: Session) -> None:
    """Keys are texts of events; those that would colour the terminal or move its cursor are shown
    as escapes.
    """
    out = io.StringIO()
    print_explanation(Console(file=out, width=300), explained(session, key="\x1b[31mred\n"))
    assert out.getvalue().startswith(r"k=\x1b[31mred\n at 2024")


@pytest.mark.parametrize("key", ["a", "nobody"])
def test_an_explanation_can_be_printed(session: Session, key: str) -> None:
    """The page names the key, the steps, each window with its cover, and every feature with its
    value; text is shown as it is.
    """
    out = io.StringIO()
    print_explanation(Console(file=out, width=300), explained(session, key=key))
    page = out.getvalue()
    assert f"k={key} at 2024-01-04T14:37:25Z" in page
    for word in (
        "1 range",
        "5 merge",
        "window 1h (sawtooth)",
        "window 12h (sawtooth)",
        "lifetime",
        *(feature.name for feature in session.plan.features),
    ):
        assert word in page
    assert ("[b]0" in page) == (key == "a")
