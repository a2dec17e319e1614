"""What a long write says of its progress."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from support.plans import AT
from support.session import simple_plan
from support.waiting import wait_until
from tilewright_runtime import Writer, open_store
from tilewright_runtime.commands import progress
from tilewright_runtime.commands.progress import Status
from tilewright_runtime.ingest.passes import Taker
from tilewright_runtime.ingest.report import AGGREGATING, MERGING, READING
from tilewright_runtime.readers import Input


@pytest.fixture
def taker() -> Taker:
    """A plan of which nothing is written."""
    plan = simple_plan()
    return Taker(Writer(plan, open_store("memory:")), plan.sources[0])


ITEM = Input("clicks.csv", "", lambda source, start: iter(()))


def test_the_status_names_rows_rate_watermark_lag_and_open_tiles(taker: Taker) -> None:
    """Before the first event there is no watermark; after it all is said in a line."""
    status = Status([taker])
    assert re.fullmatch(r"0 rows, 0 rows/s, 0 open tiles", status.text())
    taker.report.rows, taker.report.watermark_ms, taker.report.open_tiles = 1_000, AT, 7
    assert re.fullmatch(
        r"1,000 rows, [\d,]+ rows/s, watermark \S+Z, -?[\d,.]+ s behind, 7 open tiles",
        status.text(),
    )


def test_the_watermark_of_several_plans_is_that_of_the_last(taker: Taker) -> None:
    """A plan that is behind holds the watermark back."""
    other = Taker(taker.writer, taker.source)
    taker.report.watermark_ms, other.report.watermark_ms = AT, AT - 5
    assert Status([taker, other]).watermark_ms == AT - 5


def test_a_terminal_has_a_bar_for_each_input(taker: Taker) -> None:
    """It stands before the first batch, and a narrow one shows all of the status too."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80)
    with progress.bars(console, Status([taker])) as on_progress:
        on_progress(ITEM, 0.0, taker.report)
        wait_until(lambda: "clicks.csv" in screen.getvalue(), "the bar is shown")
        taker.report.watermark_ms, taker.report.rows, taker.report.open_tiles = AT, 1_000, 7
        on_progress(ITEM, 0.25, taker.report)
        wait_until(lambda: "1,000 rows" in screen.getvalue(), "the rows are shown")
        wait_until(lambda: " s behind" in screen.getvalue(), "the lag is shown")
        wait_until(lambda: "7 open tiles" in screen.getvalue(), "the open tiles are shown")


def test_progress_moves_within_a_batch(taker: Taker) -> None:
    """A file of one batch is neither unread nor written until its commit."""
    status = Status([taker])
    status.note(ITEM, 0.0, taker.report)
    assert status.place == "clicks.csv: 0% written, reading, "
    taker.report.stage, taker.report.reaching = AGGREGATING, 0.5
    assert status.place == "clicks.csv: 20% written, aggregating, "
    taker.report.stage = MERGING
    assert status.place == "clicks.csv: 35% written, merging, "
    taker.report.stage = READING
    status.note(ITEM, 0.5, taker.report)
    assert status.place == "clicks.csv: 50% written, reading, "


def test_a_bar_moves_while_a_batch_is_written(taker: Taker) -> None:
    """Nobody calls meanwhile: what is shown asks the report."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80)
    with progress.bars(console, Status([taker])) as on_progress:
        on_progress(ITEM, 0.0, taker.report)
        taker.report.stage, taker.report.reaching = MERGING, 1.0
        wait_until(lambda: "━" * 14 in screen.getvalue(), "the bar has moved")


@pytest.mark.parametrize(("part", "shown"), [(0.0, "0"), (0.5, "50"), (0.004, "0.40")])
def test_without_a_terminal_a_line_comes_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    taker: Taker,
    part: float,
    shown: str,
) -> None:
    """It comes also where no batch is written yet, and tells of the first ones of a large file."""
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.01)
    said: list[str] = []

    def is_said() -> bool:
        said.extend(capsys.readouterr().err.splitlines())
        return any("clicks.csv" in line for line in said)

    with progress.showing(Status([taker]), is_json=False) as on_progress:
        on_progress(ITEM, part, taker.report)
        wait_until(is_said, "a line is printed")
    line = rf"clicks\.csv: {shown}% written, reading, 0 rows, .* open tiles, \d+ s"
    assert re.fullmatch(line, said[-1])
