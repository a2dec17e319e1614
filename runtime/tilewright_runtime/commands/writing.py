"""The plans and inputs of `tilewright write`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import click

from tilewright_compiler.plan.model import Plan

from ..errors import InputError, TilewrightError
from ..ingest.aggregation import source_of
from ..ingest.follow import Feed, Follower
from ..ingest.passes import Taker
from ..ingest.writer import Writer
from ..readers import Input, find_inputs
from ..readers.follow import Watched, standard_input
from ..readers.inputs import STANDARD_INPUT
from ..stores import Store
from .options import warn

if TYPE_CHECKING:
    from ..readers.kafka.topic import KafkaTopic

_KAFKA = "kafka:"


@dataclass(frozen=True)
class Kept:
    """Open files for rows that no tile takes."""

    rejects: IO[str] | None
    late: IO[str] | None


@dataclass(frozen=True)
class Judging:
    """How strictly rows are judged."""

    max_rejects: int | None
    is_stream: bool
    is_replay: bool
    until: str | None


@dataclass(frozen=True)
class Places:
    """Where tiles go, and what does not become one."""

    store: Store
    state: Store | None
    kept: Kept
    judging: Judging
    sweeps: bool

    def writer(self, plan: Plan) -> Writer:
        """Make the writer of a plan."""
        return Writer(
            plan,
            self.store,
            state=self.state,
            rejects=self.kept.rejects,
            late=self.kept.late,
            max_rejects=self.judging.max_rejects,
            stream=self.judging.is_stream,
            replay=self.judging.is_replay,
            until=self.judging.until,
            sweeps=self.sweeps,
        )


@dataclass
class Takers:
    """The plans that take the events."""

    takers: list[Taker] = field(default_factory=list)
    failures: list[TilewrightError] = field(default_factory=list)
    """Why others of them cannot."""


def takers_of(
    plans: Sequence[Plan], source: str | None, places: Places, opened: ExitStack
) -> Takers:
    """Make a writer for each plan that has the source.

    Raises InputError if it is not clear which one, and what the one plan raises if there is one.
    """
    takers = Takers()
    for plan in _with_source(plans, source):
        try:
            writer = opened.enter_context(places.writer(plan))
        except TilewrightError as failure:
            if len(plans) == 1:
                raise
            takers.failures.append(failure)
            continue
        name = source or _only_source(plans)
        takers.takers.append(Taker(writer, source_of(plan, name)))
    return takers


def _with_source(plans: Sequence[Plan], source: str | None) -> list[Plan]:
    if len(plans) == 1:
        source_of(plans[0], source)
        return list(plans)
    name = source or _only_source(plans)
    having = [plan for plan in plans if name in _source_names([plan])]
    if not having:
        raise InputError(
            f"none of the plans has {'one' if name is None else 'the'} source"
            f"{'' if name is None else f' {name!r}'} that all events can be of: they have "
            f"{', '.join(_source_names(plans))}. Name one with --source."
        )
    return having


def _only_source(plans: Sequence[Plan]) -> str | None:
    names = _source_names(plans)
    return names[0] if len(names) == 1 else None


def _source_names(plans: Sequence[Plan]) -> list[str]:
    return sorted({source.name for plan in plans for source in plan.sources})


@dataclass(frozen=True)
class Events:
    """What `--events` names."""

    patterns: Sequence[str]
    position: str | None
    again: bool

    @property
    def _topics(self) -> list[str]:
        return [pattern for pattern in self.patterns if pattern.startswith(_KAFKA)]

    @property
    def _others(self) -> list[str]:
        return [pattern for pattern in self.patterns if not pattern.startswith(_KAFKA)]

    def inputs(self) -> list[Input]:
        """Find the files that are there.

        Raises InputError if one is not.
        """
        return find_inputs(self._others, self.position)

    def follower(self, takers: Sequence[Taker], follows: bool, opened: ExitStack) -> Follower:
        """Make what follows topics, files, folders and standard input.

        What does not follow reads topics up to where they end now, and nothing else.
        """
        feeds: list[Feed] = []
        for url in self._topics:
            feeds.append(opened.enter_context(closing(_topic(url, follows))))
        pipes = []
        if follows and STANDARD_INPUT in self.patterns:
            pipes.append(standard_input(self.position, sys.stdin.fileno()))
        watched = Watched(self._others)
        if follows and len(watched):
            for pattern in watched.absent():
                click.echo(f"{pattern}: is not there yet, and is waited for", err=True)
            feeds.append(watched)
        return Follower(takers, feeds, pipes, _tell_trouble, self.again)


def _topic(url: str, follows: bool) -> KafkaTopic:
    from ..readers.kafka.settings import kafka_settings
    from ..readers.kafka.topic import KafkaTopic

    return KafkaTopic(url, kafka_settings(), follows, warn)


def _tell_trouble(error: InputError) -> None:
    click.echo(f"error: {error}", err=True)
