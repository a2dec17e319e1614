"""Commands as bytes: what a packer of single arguments makes of the same keys."""

from __future__ import annotations

from itertools import chain
from typing import Any

import hiredis
import pytest

from tilewright_runtime.stores.redis.packing import (
    Run,
    bulk,
    bulks,
    mget_with,
    mgets,
    packed,
    single,
)

pack_command: Any = hiredis.pack_command

RUNS = [
    Run("tiles::t::{k=é}::1h::", [b"2024010400", b"2024010401", b"2024010402"]),
    Run("tiles::t::{k=é}::1d::", []),
    Run("tiles::t::{k=a}::5m::", [b"202401040000", b"202401040005"]),
    single("tilewright::format"),
]
KEYS = list(chain.from_iterable(run.keys for run in RUNS))


def test_keys_that_begin_alike_are_packed_as_single_ones() -> None:
    """Joining them gives the bytes that each argument by itself gives."""
    (command,) = mgets(RUNS, 6)
    assert packed([command]) == pack_command(("MGET", *KEYS))
    assert command.arguments() == ["MGET", *KEYS]


@pytest.mark.parametrize("most", range(1, 8))
def test_no_command_asks_for_more_keys_than_it_may(most: int) -> None:
    """Cut anywhere, also within a run, the commands ask for all keys in their order."""
    commands = list(mgets(RUNS, most))
    assert all(len(command.arguments()) - 1 == command.number <= most for command in commands)
    assert list(chain.from_iterable(command.arguments()[1:] for command in commands)) == KEYS


def test_nothing_is_asked_without_keys() -> None:
    """A range may be empty."""
    assert list(mgets([RUNS[1]], 5)) == []


def test_documents_come_before_tiles() -> None:
    """They are read by the same command, also if there are no tiles."""
    (tiles,) = mgets(RUNS, 6)
    assert packed([mget_with(["a", "b"], tiles)]) == pack_command(("MGET", "a", "b", *KEYS))
    assert packed([mget_with(["a"], None)]) == pack_command(("MGET", "a"))


def test_other_commands_are_packed_by_argument() -> None:
    """Numbers and texts of any language are arguments, and what is packed stays as it is."""
    command = ("FCALL", "f", 1, "é", b"\0\r\n", -5, "")
    assert packed([command, packed([command])]) == pack_command(command) * 2


def test_many_values_are_packed_as_single_ones() -> None:
    """Also empty ones, and those that hold the ends of lines and percent signs."""
    values = [b"", b"a\r\nb", b"%d" * 300]
    assert bulks(values) == list(map(bulk, values))
