"""One pass over inputs, for all plans that take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from tilewright_compiler.plan.model import Plan, Source

from ..errors import InputError, TilewrightError, TooManyRejectsError, UnkeptRowsError
from ..readers import Batch, Input
from .cursor import Cursor
from .known_inputs import KnownInputs
from .report import AGGREGATING, READING, WriteReport

#: Gets an input, the part of it that is written (0 to 1), and the report so far.
OnProgress = Callable[[Input, float, WriteReport], None]


class BatchWriter(Protocol):
    """What a pass asks of a writer."""

    plan: Plan
    known: KnownInputs

    def cursor(self, source: Source, item: Input) -> Cursor:
        """Find how far an input is written."""

    def add_batch(self, cursor: Cursor, batch: Batch, report: WriteReport) -> None:
        """Commit a batch together with its position."""

    def end_pass(self) -> None:
        """Say that all inputs have been read."""


@dataclass(eq=False)
class Taker:
    """A plan that takes the events of a pass."""

    writer: BatchWriter
    source: Source
    report: WriteReport = field(default_factory=WriteReport)
    failure: TilewrightError | None = None
    """Why it takes no more: its store or its plan failed, not an input."""

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Keep what is raised: an input's errors, or the plan's."""
        try:
            yield
        except (TooManyRejectsError, UnkeptRowsError) as error:
            self.failure = error
        except InputError as error:
            self.report.errors.append(error)
        except TilewrightError as error:
            self.failure = error

    def begin(self, inputs: Sequence[Input]) -> None:
        """Move the positions of files that have new names."""
        with self.failing():
            self.writer.known.move_all(self.source, inputs, self.report)

    def cursor(self, item: Input, again: bool) -> Cursor | None:
        """Find how far an input is written.

        Gives None if it is a copy.
        """
        with self.failing():
            known: Input | None = item
            if not again:
                known = self.writer.known.resolved(self.source, item, self.report)
            return None if known is None else self.writer.cursor(self.source, known)
        return None


class Reading:
    """One way through an input, for plans equally far."""

    def __init__(self, takers: Sequence[tuple[Taker, Cursor]]) -> None:
        self._takers = list(takers)
        _, first = takers[0]
        self.item = first.item
        self._batches = first.item.batches(first.source, first.position)

    @property
    def takers(self) -> list[Taker]:
        """The plans that take what is read."""
        return [taker for taker, _ in self._takers]

    @property
    def cursors(self) -> list[Cursor]:
        """How far the plans are."""
        return [cursor for _, cursor in self._takers]

    def step(self) -> Batch | None:
        """Read the next batch, and write it.

        None at the end, or if nobody takes it any more. Raises InputError if it cannot be read.
        """
        if not (batch := next(self._batches, None)) or batch.is_idle:
            return batch
        for place in list(self._takers):
            taker, cursor = place
            before = cursor.position
            taker.report.stage, taker.report.reaching = AGGREGATING, batch.progress
            with taker.failing():
                taker.writer.add_batch(cursor, batch, taker.report)
            taker.report.stage = READING
            if taker.failure is not None or cursor.position is before:
                self._takers.remove(place)
        return batch if self._takers else None

    def close(self) -> None:
        """Close the input."""
        self._batches.close()


def readings(item: Input, takers: Sequence[Taker], again: bool = False) -> list[Reading]:
    """Begin to read an input.

    Plans share one way through it where they can. They can if their sources declare the same
    columns and they are equally far. Raises InputError for a pipe that they cannot share, since it
    is read only once.
    """
    groups: dict[object, list[tuple[Taker, Cursor]]] = {}
    for taker in takers:
        if taker.failure is not None or (cursor := taker.cursor(item, again)) is None:
            continue
        source = taker.source
        key = (tuple(source.columns), source.delimiter, tuple(source.null_values), cursor.position)
        groups.setdefault(key, []).append((taker, cursor))
    if item.path is None and len(groups) > 1:
        names = ", ".join(taker.writer.plan.name for taker in takers)
        raise InputError(
            f"{item.name}: is read only once, and the plans {names} declare other columns of it "
            "or are not equally far. Write it for each by itself."
        )
    return [Reading(group) for group in groups.values()]


def write_pass(
    takers: Sequence[Taker],
    inputs: Sequence[Input],
    on_progress: OnProgress,
    again: bool = False,
    should_stop: Callable[[], bool] = bool,
) -> None:
    """Write one input after the other.

    One that cannot be read ends up in the errors of the reports, and does not stop the rest. A plan
    that fails does not stop the others. `should_stop` is asked between batches.
    """
    if not again:
        for taker in takers:
            taker.begin(inputs)
    for item in inputs:
        try:
            begun = readings(item, takers, again)
        except InputError as error:
            for taker in takers:
                taker.report.errors.append(error)
            continue
        for reading in begun:
            _exhaust(reading, on_progress, should_stop)
    if not should_stop():
        end_pass(takers)


def end_pass(takers: Sequence[Taker]) -> None:
    """Tell the plans that all inputs have been read."""
    for taker in takers:
        if taker.failure is None:
            with taker.failing():
                taker.writer.end_pass()


def _exhaust(reading: Reading, on_progress: OnProgress, should_stop: Callable[[], bool]) -> None:
    takers = reading.takers
    on_progress(reading.item, 0.0, takers[0].report)
    try:
        while not should_stop() and (batch := reading.step()) is not None:
            on_progress(reading.item, batch.progress, takers[0].report)
    except InputError as error:
        for taker in reading.takers:
            taker.report.errors.append(error)
    finally:
        reading.close()
