"""A job in a process of its own: its status, and what Ctrl-C does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.process import environment
from tilewright_runtime.commands.child import print_submission, status_of

#: Tests that a script runs in the background begin with Ctrl-C ignored, and so do their processes.
JOB = """
import signal
import time
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    print("runs", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)
    raise SystemExit(5)
"""


@pytest.mark.parametrize(
    ("code", "status"),
    [("0", 0), ("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)],
)
def test_the_status_is_the_jobs(code: str, status: int) -> None:
    """That of a job which a signal ended is a shell's."""
    assert status_of([sys.executable, "-c", code]) == status


def started(folder: Path) -> subprocess.Popen[str]:
    """A command in a group of its own whose job runs."""
    (folder / "job.py").write_text(JOB)
    command = (
        "import signal, sys; from tilewright_runtime.commands.child import status_of; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        "sys.exit(status_of([sys.executable, 'job.py']))"
    )
    group = subprocess.Popen(
        [sys.executable, "-c", command],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert group.stdout is not None
    assert group.stdout.readline() == "runs\n"
    return group


def test_a_job_that_is_interrupted_ends_by_itself(tmp_path: Path) -> None:
    """It has the time that it takes to stop, and says with which status."""
    group = started(tmp_path)
    subprocess.run(["kill", f"-{signal.SIGINT.value}", "--", f"-{group.pid}"], check=True)
    assert group.wait(timeout=60) == 5


def test_a_job_ends_with_its_command(tmp_path: Path) -> None:
    """SIGTERM, of which only the command is told, does not leave the job running."""
    group = started(tmp_path)
    group.send_signal(signal.SIGTERM)
    out, _ = group.communicate(timeout=30)  # the job's output ends with it
    assert (group.returncode, out) == (128 + signal.SIGTERM, "")


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--store", "redis://ana:s3cret@h/0"], "--store redis://ana@h/0"),
        (["--once", "--store=redis://:s3cret@h/0"], "--once --store=redis://h/0"),
        (["--store", "redis://h/0?password=s3cret", "x"], "--store redis://h/0 x"),
    ],
)
def test_a_printed_command_has_no_password(
    arguments: list[str], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The password is left to the environment, which is said."""
    print_submission(["submit"], arguments)
    printed = capsys.readouterr()
    assert printed.out == f"submit {shown}\n"
    assert "set TILEWRIGHT_STORE_PASSWORD to the store's password" in printed.err
