"""A job in its own process, or its submission."""

from __future__ import annotations

import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

import click

from ..stores.passwords import PASSWORD_VARIABLE, split_password

#: What a shell gives a process that a signal has ended.
_SIGNALLED = 128


def status_of(command: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
    """Run a command and return its exit status.

    The command answers Ctrl-C itself, and is sent SIGTERM if this process gets it. Raises
    FileNotFoundError if there is no such program.
    """
    with subprocess.Popen(command, env=environment) as process, _passing_on(process):
        while process.poll() is None:
            # The terminal has sent the signal to the job too, which stops in its own way and time.
            with suppress(KeyboardInterrupt):
                process.wait()
    return process.returncode if process.returncode >= 0 else _SIGNALLED - process.returncode


@contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Send a process SIGTERM when this one gets it, lest it goes on alone."""

    def terminate(number: int, frame: FrameType | None) -> None:
        process.send_signal(number)

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def print_submission(command: Sequence[str], arguments: Sequence[str]) -> None:
    """Print a command without the store's password."""
    shown = list(arguments)
    hidden = False
    for index, argument in enumerate(shown):
        option, equals, value = argument.partition("=")
        if option == "--store" and equals:
            url, password = split_password(value)
            shown[index] = f"--store={url}"
        elif index and shown[index - 1] == "--store":
            shown[index], password = split_password(argument)
        else:
            continue
        hidden = hidden or password is not None
    click.echo(shlex.join([*command, *shown]))
    if hidden:
        click.echo(
            f"set {PASSWORD_VARIABLE} to the store's password where the command runs, and in the "
            "environment of the workers",
            err=True,
        )
