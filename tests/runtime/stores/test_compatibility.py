"""A store that version 0.1.0 has written: this version reads it, and goes on writing into it."""

from __future__ import annotations

import json
import math
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support.cli import Desk
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.plan.model import PLAN_VERSION, Plan
from tilewright_runtime.errors import PlanError
from tilewright_runtime.plans import load_plan
from tilewright_runtime.stores import open_store

#: The store, the author's file and the events that it was made of, and answers as of then.
WRITTEN = Path(__file__).parent / "fixtures" / "written_by_0_1_0"
NAMES = ["windows", "lifetime", "buckets", "exact", "untiled"]


@cache
def _plans() -> dict[str, Plan]:
    return {plan.name: plan for plan in compile_paths([WRITTEN / "features.py"]).plans}


def _desk(folder: Path, name: str) -> Desk:
    """A plan that is compiled anew, beside a copy of the store."""
    shutil.copytree(WRITTEN / "store", folder / "store")
    return Desk(folder, _plans()[f"features.{name}"])


def _is_same(value: Any, expected: Any) -> bool:
    """Tell whether two answers are the same but for the rounding of floats."""
    if isinstance(expected, float):
        return math.isclose(value, expected, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(expected, dict):
        return value.keys() == expected.keys() and all(
            _is_same(value[name], expected[name]) for name in expected
        )
    if isinstance(expected, list):
        return len(value) == len(expected) and all(map(_is_same, value, expected))
    return bool(value == expected)


@pytest.mark.parametrize("name", NAMES)
def test_stored_tiles_fit_a_plan_that_is_compiled_anew(name: str, tmp_path: Path) -> None:
    """The same declaration still makes the storage fingerprint that the store has."""
    _desk(tmp_path, name)
    document = open_store(f"lmdb:{tmp_path}/store").get(f"plan/features.{name}")
    assert document is not None
    stored = json.loads(document)["storage_fingerprint"]
    assert _plans()[f"features.{name}"].storage_fingerprint == stored


@pytest.mark.parametrize("name", NAMES)
def test_stored_tiles_give_the_same_answers(name: str, tmp_path: Path) -> None:
    """Every feature of the store has the value that the version which wrote it answered."""
    expected = [json.loads(line) for line in (WRITTEN / f"answers/{name}.jsonl").open()]
    requests = tmp_path / "requests.jsonl"
    with requests.open("w") as file:
        for answer in expected:
            file.write(json.dumps({**answer["keys"], "at": answer["at"]}) + "\n")
    fetched = _desk(tmp_path, name).fetch("--keys", requests)
    assert fetched.status == 0, fetched.err
    differing = []
    for answer, wanted in zip(fetched.lines, expected, strict=True):
        assert answer.keys() == wanted.keys()
        assert answer["features"].keys() == wanted["features"].keys()
        for feature, value in wanted["features"].items():
            if not _is_same(answer["features"][feature], value):
                differing.append((wanted["keys"], wanted["at"], feature))
    assert differing == []


@pytest.mark.parametrize("name", NAMES)
def test_events_that_are_in_the_store_are_not_counted_again(name: str, tmp_path: Path) -> None:
    """The position that the older version kept is found, and only what follows it is new."""
    desk = _desk(tmp_path, name)
    known = (WRITTEN / "events.jsonl").read_bytes()
    again = desk.write("-", options=["--position", "events"], stdin=known)
    assert again.out.startswith(f"features.{name}: 0 new rows")
    further = known + b'{"shop": "north", "till": 1, "quantity": 7, "ts": 1704379044000}\n'
    grown = desk.write("-", options=["--position", "events"], stdin=further)
    assert grown.out.startswith(f"features.{name}: 1 new row ")
    assert "1 event written" in grown.out


def test_an_older_plan_is_refused() -> None:
    """A plan of an older version says that it has to be compiled again."""
    path = WRITTEN / "plan.json"
    version = json.loads(path.read_text())["plan_version"]
    if version == PLAN_VERSION:
        assert load_plan(path).name == "features.untiled"
    else:
        with pytest.raises(PlanError, match=rf"plan version {version}, .* Compile it again\."):
            load_plan(path)
