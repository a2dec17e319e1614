"""What a plan does: figures and covers that are the fetcher's own, as text and as a page."""

from __future__ import annotations

import io
import re
from fractions import Fraction
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from support.cases import CASES
from support.plans import AT, DAY, HOUR, MINUTE, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher
from tilewright_runtime.fetch.explain import explain
from tilewright_runtime.fetch.program import Program
from tilewright_runtime.reports.page import page
from tilewright_runtime.reports.picture import picture
from tilewright_runtime.reports.plan import report
from tilewright_runtime.reports.text import edge_text, print_report
from tilewright_runtime.testing.snapshots import file_snapshot
from tilewright_runtime.tiles.cover import Segment


@cache
def plan() -> Plan:
    """Every kind of cover: two levels, a cut edge left out, a lifetime."""
    return plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations("n", [Operation.SUM], ["1h", "12h"]),
            *aggregations("n", [Operation.COUNT], ["1d"], edge="truncate"),
            *aggregations("t", [Operation.LAST], None),
        ],
    )


def case(name: str) -> Plan:
    (found,) = compile_paths([CASES / f"{name}.py"]).plans
    return found


def text(plan: Plan, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_report(console, report(plan, AT))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


@pytest.mark.parametrize(
    ("later", "attribute"),
    [([], "segments"), ([AT + 1], "as_of")],
    ids=["no later events", "later events"],
)
def test_covers_are_those_of_a_fetch(later: list[int], attribute: str) -> None:
    """What is drawn is what a fetch reads, with and without events after the query time."""
    session = Session(plan())
    session.write([row("a", 1, "x", ts) for ts in [AT - DAY, AT - 5 * HOUR, AT - 1, *later]])
    fetched = [
        share.segments
        for share in explain(Fetcher(session.plan, session.store), {"k": "a"}, AT).windows
    ]
    assert [getattr(cover, attribute) for cover in report(plan(), AT).covers] == fetched


def test_the_figures_of_the_quick_start() -> None:
    """An unaligned window reads one tile more than it is long, and its head at worst
    all finer tiles but one each.
    """
    #  7d       29 × 6h                      T just before a 6h boundary:
    #  head                 28 × 6h, 5 × 1h, 11 × 5m
    made = report(case("quick_start"), AT)
    assert {one.feature.name: (one.typical.tiles, one.worst.tiles) for one in made.features} == {
        "amount_sum_1h": (13, 13),
        "amount_sum_12h": (13, 12 + 11),
        "amount_sum_7d": (29, 28 + 5 + 11),
        "amount_approx_percentile_12h": (13, 12 + 11),
    }
    assert sum(one.bytes or 0 for one in made.levels) == made.plan.cost.stored_bytes_per_entity


@given(st.integers(AT, AT + 2 * DAY), st.sampled_from([None, 5 * MINUTE, HOUR, DAY]))
def test_no_request_reads_more_than_the_worst(at_ms: int, head_level_ms: int | None) -> None:
    """At any time and with any head, a window's cover has no more tiles than were said."""
    worst = {one.feature.name: one.worst.tiles for one in report(plan(), AT).features}
    for group in Program(plan()).groups:
        if group.window.window_ms is not None:
            segments = group.window.segments(at_ms, head_level_ms)
            tiles = sum(segment.tiles for segment in segments)
            assert all(tiles <= worst[name] for name in group.finalizers)


def test_a_level_that_a_lifetime_reads_is_kept_for_ever() -> None:
    """Such a level has no number of tiles; the others have as many as their time to live holds."""
    made = report(plan(), AT)
    kept = {one.level.size_ms: (one.tiles, one.windows) for one in made.levels}
    assert kept[DAY] == (None, ("lifetime",))
    assert kept[5 * MINUTE] == (21, ("1h",))


@pytest.mark.parametrize("at_ms", [AT, AT // DAY * DAY, AT // DAY * DAY + 1, AT // DAY * DAY - 1])
def test_pictures_show_the_whole_cover(at_ms: int) -> None:
    """Every tile of a window's cover, and the window itself, lie within its picture."""
    for cover in report(plan(), at_ms).covers:
        drawn = picture(cover)
        shown = [segment for row in (*drawn.rows, *drawn.as_of) for segment in row.segments]
        assert all(
            drawn.span.start_ms <= segment.start_ms < segment.end_ms <= drawn.span.end_ms
            for segment in shown
        )
        assert (
            drawn.span.start_ms <= drawn.window.start_ms < drawn.window.end_ms <= drawn.span.end_ms
        )
        if cover.oldest_ms is not None:
            assert sorted(segment for row in drawn.rows for segment in row.segments) == sorted(
                cover.segments
            )


def test_a_prorated_window_says_what_counts_of_its_tiles() -> None:
    """The picture of a prorated cover names the part of the oldest tile and, as of a time with
    later events, draws the newest one too.

    #  5m       |....|....| … |....|    T = 14:37:25: 2:35 of the 5 minutes from 13:35 count
    """
    made = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM], edge="prorate"))
    (cover,) = report(made, AT).covers
    drawn = picture(cover)
    assert (drawn.title, drawn.note) == (
        "window 1h, prorate",
        "13 tiles; 51.7% of the oldest one counts",
    )
    assert [segment.end_ms for row in drawn.rows for segment in row.segments][-1] == AT + 155_000
    assert cover.as_of[-1].part == Fraction(145, 300)
    assert (
        page(report(made, AT)).count('class="cut"') == 3
    )  # the oldest one in both pictures, the newest in one


@pytest.mark.parametrize("name", ["exact", "untiled"])
def test_raw_events_are_drawn_in_a_row_of_their_own(name: str) -> None:
    """The page has a rectangle of another colour for them, says what a chunk takes, and needs no
    tile for it.
    """
    markup = page(report(case(name), AT))
    assert (
        markup.count('class="events"')
        == {"exact": 4 + 6, "untiled": 2 * 2}[name] - {"exact": 0, "untiled": 2}[name]
    )
    assert "a chunk of raw events holds about" in markup
    assert ("a tile holds" in markup) == (name == "exact")


def test_a_window_shorter_than_the_way_to_its_tiles() -> None:
    """A truncated window may hold no whole tile; its picture says so."""
    short = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM], ["5m"], edge="truncate"))
    (cover,) = report(short, AT).covers
    assert picture(cover).note.startswith(("no whole tile", "4 tiles", "5 tiles"))


@pytest.mark.parametrize(
    "name",
    [
        "quick_start",
        "every_operation",
        "hostile_names",
        "derivations",
        "buckets",
        "exact",
        "untiled",
    ],
)
def test_text(name: str, snapshot: SnapshotAssertion) -> None:
    """The text is what a reviewer has looked at, and fits a terminal of 80 columns."""
    shown = text(case(name))
    assert shown == snapshot(extension_class=file_snapshot("txt"))
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("width", [40, 72, 200])
def test_text_fits_other_terminals(width: int) -> None:
    """No line is longer than the terminal."""
    assert max(map(len, text(case("quick_start"), width).splitlines())) <= width


def test_a_small_edge_error_is_not_none() -> None:
    """One of 43,200 tiles is less than the percentages show; exact windows have none."""
    sums = aggregations("n", [Operation.SUM], ["30d"])
    fine = plan_of(SCHEMA, ["k"], [one.model_copy(update={"tile_size": "1m"}) for one in sums])
    exact = plan_of(SCHEMA, ["k"], [one.model_copy(update={"edge": "exact"}) for one in sums])
    assert [edge_text(plan.features[0]) for plan in (fine, exact)] == ["<0.1%", "0.0%"]


@pytest.mark.parametrize("width", [60, 80, 120, 160])
@pytest.mark.parametrize("name", ["quick_start", "every_operation", "exact"])
def test_names_and_rows_stay_whole(name: str, width: int) -> None:
    """Each feature has a row of one line that begins with its name and ends with its edge error;
    no drawing is wider than 80 columns, whatever the terminal's width.
    """
    plan = case(name)
    lines = text(plan, width).splitlines()
    begin = lines.index("Features") + 2
    rows = [line.split() for line in lines[begin : begin + len(plan.features)]]
    assert [row[0] for row in rows] == [feature.name for feature in plan.features]
    assert {row[-1][-1] for row in rows} <= {"%", "–"}
    assert max(len(line) for line in lines if "|" in line) <= 80


HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(2)>",
    "{{ 7 * 7 }}{% raw %}",
    "two\nlines\x1b[31m",
    "[red]not markup[/red]",
    "-->]]></style>",
]


def hostile() -> Plan:
    """A plan whose names are all meant to break out."""
    made = plan_of(
        SCHEMA,
        ["k"],
        aggregations(
            "n", [Operation.SUM], ["1h"] + [f"{n}h" for n in range(2, 2 + len(HOSTILE) - 1)]
        ),
    )
    features = [
        one.model_copy(update={"name": name, "rule": name})
        for one, name in zip(made.features, HOSTILE, strict=True)
    ]
    keys = [key.model_copy(update={"name": HOSTILE[0]}) for key in made.keys]
    return made.model_copy(update={"features": features, "keys": keys})


class Tags(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_authors_texts_stay_texts_on_the_page() -> None:
    """Names with markup, template syntax, quotes and newlines are shown as they are, and make no
    element. HTML cannot hold an escape character, so that is written out.
    """
    shown = Tags(page(report(hostile(), AT)))
    assert not {tag for tag, _ in shown.tags} & {"script", "img", "iframe", "link"}
    assert not [
        name for _, attributes in shown.tags for name in attributes if name.startswith("on")
    ]
    assert all(name.replace("\x1b", r"\x1b") in shown.text for name in HOSTILE)


def test_authors_texts_stay_texts_on_the_terminal() -> None:
    """Names with escape sequences and newlines move no cursor, and rich takes none for its
    markup.
    """
    shown = text(hostile(), 200)
    assert "\x1b" not in shown
    assert "two\\nlines\\x1b[31m" in shown
    assert "[red]not markup[/red]" in shown


def test_the_page_needs_no_other_file() -> None:
    """Nothing is loaded: no address, no script, no style sheet; and the policy in the page forbids
    it.
    """
    markup = page(report(case("quick_start"), AT))
    assert re.findall(r"(?:src|href|url)\s*[=(]|https?:|@import", markup) == []
    assert "default-src 'none'" in markup


def test_the_page_draws_every_tile() -> None:
    """A picture has a rectangle for each tile of its rows, and each says which tile it is."""
    made = report(case("quick_start"), AT)
    shown = Tags(page(made))
    rectangles = [
        attributes
        for tag, attributes in shown.tags
        if tag == "rect" and attributes["class"] != "crowded"
    ]
    hours = [
        Segment(size, start, end)
        for cover in made.covers
        for size, start, end, *_ in cover.segments
    ]
    assert len(rectangles) >= sum(segment.tiles for segment in hours)
    assert "1h 2024-01-04 02:00:00" in shown.text


def test_the_page_says_what_a_feature_is() -> None:
    """It names a feature's operation, type, expression, source, filter, and the author's line."""
    shown = " ".join(Tags(page(report(case("quick_start"), AT))).text.split())
    assert "price * quantity of click_events, only where price > 0" in shown
    assert "APPROX_PERCENTILE([0.5, 0.99], tdigest) DOUBLE[]quick_start.py:18" in shown


def test_the_page_names_a_feature_once_in_covers_and_once_below() -> None:
    """Covers come first. What windows or features have in common stands there once."""
    shown = Tags(page(report(case("quick_start"), AT))).text
    covers, features = shown.index("Covers at"), shown.index("\nFeatures\n")
    places = [found.start() for found in re.finditer("amount_sum_7d", shown)]
    assert covers < places[0] < features < places[1]
    assert len(places) == 2
    assert shown.count("price * quantity") == 1


def test_the_page_is_the_same_each_time() -> None:
    """The same plan and time give the same bytes."""
    assert page(report(plan(), AT)) == page(report(plan(), AT))
