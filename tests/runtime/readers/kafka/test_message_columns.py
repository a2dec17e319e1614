"""Messages as columns, by the kernel and without it."""

from __future__ import annotations

from typing import Any

import pytest

from support.kernels import required_kernel
from support.messages import failure, message
from tilewright_runtime.readers.kafka.message_columns import MessageColumns


@pytest.fixture(params=["kernel", "python"])
def columns(request: pytest.FixtureRequest) -> Any:
    return required_kernel().MessageColumns() if request.param == "kernel" else MessageColumns()


def numbers(*values: int) -> bytes:
    return b"".join(value.to_bytes(8, "little") for value in values)


def test_messages_are_sorted_by_partition(columns: Any) -> None:
    """What was added in several calls comes in its order; no value is an empty one."""
    assert columns.add([message(1, 7, b"ab"), message(0, 3, None)], 0) == 2
    assert columns.add([message(1, 9, b"c")], 0) == 1
    assert (columns.bytes, columns.count) == (3, 3)
    assert columns.take() == [
        (0, b"", numbers(0), numbers(3)),
        (1, b"abc", numbers(2, 1), numbers(7, 9)),
    ]


def test_what_was_taken_is_forgotten(columns: Any) -> None:
    """How much it was is not, as what holds it is still there."""
    columns.add([message(0, 3, b"a")], 0)
    columns.take()
    assert (columns.take(), columns.bytes, columns.count) == ([], 1, 1)


def test_an_error_ends_what_is_added(columns: Any) -> None:
    """Its index is given, and the caller goes on behind it."""
    messages = [message(0, 1, b"a"), failure(0, 2), message(0, 2, b"b")]
    assert columns.add(messages, 0) == 1
    assert columns.add(messages, 2) == 3
    assert columns.take() == [(0, b"ab", numbers(1, 1), numbers(1, 2))]


def test_a_list_of_something_else_is_an_error(columns: Any) -> None:
    """No bytes are read that are none."""
    with pytest.raises((AttributeError, TypeError)):
        columns.add([object()], 0)
    with pytest.raises(TypeError):
        columns.add([message(0, 1, 3)], 0)
    assert columns.take() == []
