"""JSON arrays: their elements are rows, wherever their lines end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.session import Session, row
from tilewright_runtime.errors import InputError
from tilewright_runtime.readers import json_array

ROWS = [row("a", 1), row("a", 2, "é"), row("b", 30)]


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_each_element_is_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, indent: int | None, batch: int
) -> None:
    """On one line or many, in batches of any size, every element counts once."""
    monkeypatch.setattr(json_array, "BATCH_ELEMENTS", batch)
    path, session = tmp_path / "events.json", Session()
    path.write_text("\ufeff\n" + json.dumps(ROWS, indent=indent, ensure_ascii=False))
    assert [session.write(path).rows for _ in range(2)] == [3, 0]
    assert session.sums("a", "b") == [3, 30]


def test_an_array_may_grow(tmp_path: Path) -> None:
    """Elements behind those that were read are new."""
    path, session = tmp_path / "events.json", Session()
    path.write_text(json.dumps(ROWS[:1]))
    session.write(path)
    path.write_text(json.dumps(ROWS))
    assert session.write(path).rows == 2
    assert session.sums("a") == [3]


def test_an_empty_array_has_no_rows(tmp_path: Path) -> None:
    """An array without elements is no mistake."""
    path = tmp_path / "events.json"
    path.write_text("[ ]")
    assert Session().write(path).rows == 0


def test_an_element_that_is_no_object_is_refused(tmp_path: Path) -> None:
    """A number among objects spoils itself only."""
    path, session = tmp_path / "events.json", Session()
    path.write_text(json.dumps([*ROWS, 5]))
    assert session.write(path).refused == {"not a JSON object": 1}


@pytest.mark.parametrize("text", ["[{}", '[{"k": "a"} {"k"', "[1,]", "[" * 10_000])
def test_what_is_no_array_is_an_error(tmp_path: Path, text: str) -> None:
    """A cut or wrong array says after which element it is no JSON."""
    path = tmp_path / "events.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"events.json: what follows element \d of its JSON array"):
        Session().write(path)
