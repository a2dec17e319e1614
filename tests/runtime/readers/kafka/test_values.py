"""Values of messages, without a broker."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from support.plans import source_of
from tilewright_compiler.plan.model import Column
from tilewright_runtime.readers.batch import Batch, Position
from tilewright_runtime.readers.kafka.values import Values, are_framed
from tilewright_runtime.readers.texts import Texts

COLUMNS = [Column(name="k", type="VARCHAR"), Column(name="n", type="BIGINT")]


@pytest.mark.parametrize("value", [b"\0", b"\0\0\0\1", b"null", b"[1]", b"{", b'{"k": "\xff"}'])
def test_a_value_of_no_form_spoils_its_own_message(value: bytes) -> None:
    """One that is too short for a schema's number asks no registry for it."""
    with closing(Values(source_of(COLUMNS), {})) as values:
        parsed = values.rows(Texts.joined([value, b'{"k": "a", "n": 1}']), np.array([7, 8]))
    assert parsed.table.to_pylist() == [{"k": "a", "n": "1", "__row": 9}]
    assert [one.row for one in parsed.malformed] == [8]


def test_a_refused_message_is_shown_as_it_was_written() -> None:
    """Columns are numbers where all are plain ones, and offsets may have gaps."""
    with closing(Values(source_of(COLUMNS), {})) as values:
        texts = Texts.joined([b'{"k": "a", "n": 1}', b'{"n": 2}', b'{"n": 3}'])
        batch = values.rows(texts, np.array([7, 20, 21]))
        shown = Batch(batch.table, Position(""), as_written=batch.as_written).shown(
            np.array([8, 22])
        )
    assert shown.to_pylist() == [{"k": "a", "n": "1"}, {"k": None, "n": "3"}]


def test_a_message_without_a_value_is_no_row() -> None:
    """Compaction leaves such messages behind."""
    with closing(Values(source_of(COLUMNS), {})) as values:
        parsed = values.rows(Texts.joined([b"", b""]), np.array([7, 8]))
    assert (len(parsed.table), parsed.malformed) == (0, [])


def test_a_frame_is_a_mark_and_the_number_of_a_schema() -> None:
    """They are five bytes, and a record without fields adds none."""
    texts = Texts.joined([b"\0\0\0\0\1", b"\0\0\0\1", b"", b"{    }"])
    assert are_framed(texts).tolist() == [True, False, False, False]
