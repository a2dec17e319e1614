"""Plans that were edited, their fingerprints computed anew: an error of ours, or they run."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from support.plans import AT
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, TilewrightError, Writer, open_store
from tilewright_runtime.errors import PlanError
from tilewright_runtime.plans import plan_of_document

CASES = Path(__file__).parents[2] / "compiler" / "cases"
VALUES: list[Any] = [
    None, True, 0, -1, 1, 7, 2**40, 2**63, 10**400, 1.5, float("nan"), float("inf"), "", "x", "a.b",
    "-1", "\0", "\ud800", "é", "VARCHAR", "BIGINT", "DOUBLE", "DECIMAL(99,99)", "INTEGER) AS x",
    "exact", "SUM", "$tile_ms", [], [0], [[]], {}, {"x": 1}, [None], "SELECT 1", "COPY x TO 'y'",
]  # fmt: skip


def _places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Walk the paths of all values of a document."""
    items: Any = ()
    if isinstance(document, dict):
        items = document.items()
    elif isinstance(document, list):
        items = enumerate(document)
    for key, value in items:
        yield (*path, key)
        yield from _places(value, (*path, key))


def _mutated(document: dict[str, Any], chance: random.Random) -> tuple[str, dict[str, Any]]:
    """Change one value of a document: replaced, removed, doubled, or swapped for another's."""
    edited = copy.deepcopy(document)
    places = list(_places(edited))
    path = chance.choice(places)
    parent = edited
    for key in path[:-1]:
        parent = parent[key]
    way = chance.choice(["replace", "replace", "replace", "remove", "double", "swap"])
    value: Any = chance.choice(VALUES)
    match way:
        case "remove":
            del parent[path[-1]]
        case "double" if isinstance(parent, list):
            parent.append(copy.deepcopy(parent[path[-1]]))
        case "swap":
            value = edited
            for key in chance.choice(places):
                value = value[key]
            parent[path[-1]] = copy.deepcopy(value)
        case _:
            parent[path[-1]] = value
    return f"{way} {path} {value!r:.60}", edited


def _with_fingerprints(document: dict[str, Any]) -> dict[str, Any]:
    """Give a document the fingerprints of its content, where it is a plan at all."""
    try:
        stored = Plan.model_validate(document).digest_of_storage()
        signed = document | {"storage_fingerprint": stored}
        return signed | {"fingerprint": Plan.model_validate(signed).content_fingerprint()}
    except (ValueError, KeyError, RecursionError):
        return document


def _run(plan: Plan) -> None:
    """Write an event with the plan, and fetch its features."""
    store = open_store("memory:")
    event = {column.name: "1" for column in plan.sources[0].columns}
    with Writer(plan, store) as writer:
        writer.write([event], source=plan.sources[0].name)
    Fetcher(plan, store).fetch({key.name: "1" for key in plan.keys}, AT)


@pytest.mark.parametrize("case", ["quick_start", "buckets", "derivations", "exact", "untiled"])
def test_an_edited_plan_is_refused_or_runs(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is changed in a plan, nothing but an error of ours comes of it."""
    monkeypatch.chdir(CASES)
    (plan,) = compile_paths([f"{case}.py"]).plans
    document = json.loads(plan.model_dump_json())
    for seed in range(settings().max_examples):
        what, edited = _mutated(document, random.Random(f"{case} {seed}"))
        try:
            _run(plan_of_document(_with_fingerprints(edited), "plan.json"))
        except TilewrightError:
            continue
        except Exception as error:
            raise AssertionError(f"{case} {seed}: {what}: {error!r}") from error


def test_an_edited_storage_fingerprint_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The storage fingerprint is that of the content too."""
    monkeypatch.chdir(CASES)
    (plan,) = compile_paths(["quick_start.py"]).plans
    document = json.loads(plan.model_dump_json())
    with pytest.raises(PlanError, match="storage_fingerprint is not that of its content"):
        plan_of_document(document | {"storage_fingerprint": "0" * 16}, "plan.json")
