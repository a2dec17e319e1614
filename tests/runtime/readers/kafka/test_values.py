"""Values of messages, without a broker."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from tilewright_compiler.plan.model import Column
from tilewright_runtime.readers.kafka.values import Values, are_framed
from tilewright_runtime.readers.texts import Texts

COLUMNS = [Column(name="k", type="VARCHAR"), Column(name="n", type="BIGINT")]


@pytest.mark.parametrize("value", [b"\0", b"\0\0\0\1", b"null", b"[1]", b"{", b'{"k": "\xff"}'])
def test_a_value_of_no_form_spoils_its_own_message(value: bytes) -> None:
    """One that is too short for a schema's number asks no registry for it."""
    with closing(Values(COLUMNS, {})) as values:
        table, malformed = values.rows(
            Texts.joined([value, b'{"k": "a", "n": 1}']), np.array([7, 8])
        )
    assert table.to_pylist() == [{"k": "a", "n": "1", "__row": 9}]
    assert [one.row for one in malformed] == [8]


def test_a_message_without_a_value_is_no_row() -> None:
    """Compaction leaves such messages behind."""
    with closing(Values(COLUMNS, {})) as values:
        table, malformed = values.rows(Texts.joined([b"", b""]), np.array([7, 8]))
    assert (len(table), malformed) == (0, [])


def test_a_frame_is_a_mark_and_the_number_of_a_schema() -> None:
    """They are five bytes, and a record without fields adds none."""
    texts = Texts.joined([b"\0\0\0\0\1", b"\0\0\0\1", b"", b"{    }"])
    assert are_framed(texts).tolist() == [True, False, False, False]
