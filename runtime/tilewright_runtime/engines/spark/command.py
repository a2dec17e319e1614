"""What the command lines of the two Spark jobs share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ...boundary import command_boundary
from .session import end_session


def say(line: str) -> None:
    """Print a line of the log on standard error."""
    click.echo(f"{time.strftime('%H:%M:%S')} {line}", err=True)


@contextmanager
def job_boundary() -> Iterator[None]:
    """End Spark with the job, and print its failure.

    The process then ends with a status.
    """
    try:
        with command_boundary(_say_error):
            yield
    finally:
        end_session()


def _say_error(line: str) -> None:
    click.echo(line, err=True)
