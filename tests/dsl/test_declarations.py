"""Declarations: frozen, and their mistakes are kept beside the author's line."""

from __future__ import annotations

import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import ValidationError

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select
from tilewright.declaration import Declaration, collecting


def _kinds(declaration: Declaration) -> list[str]:
    return [problem.kind for problem in declaration.problems]


def test_a_declaration_knows_its_line() -> None:
    """The call site is the author's line, not one of the package."""
    frame = inspect.currentframe()
    query = Query(time_column="ts")
    assert frame is not None
    assert (query.site.file, query.site.line) == (__file__, frame.f_lineno - 2)


def test_a_nested_declaration_has_its_own_line() -> None:
    """Each part of a declaration over several lines knows the line where it begins."""
    aggregations = [
        Aggregation(input_column="x", operation=Operation.SUM),
        Aggregation(input_column="x", operation=Operation.TOP_K(3)),
    ]
    first, second = aggregations
    assert second.site.line == first.site.line + 1 == second.operation.site.line


def test_a_declaration_is_frozen() -> None:
    """What was declared cannot be changed."""
    query = Query(time_column="ts")
    with pytest.raises(ValidationError, match="frozen"):
        query.time_column = "other"


def test_one_mistake_does_not_hide_the_next() -> None:
    """Every mistake of a declaration is kept, and none is raised."""
    aggregation = Aggregation(operation="SUM", windows=["1x", "0h"], edg="truncate")  # type: ignore[call-arg,arg-type]
    assert sorted(_kinds(aggregation)) == [
        "bad-duration",
        "bad-duration",
        "bad-operation",
        "missing-argument",
        "unknown-argument",
    ]


def test_what_is_sound_is_kept() -> None:
    """A field without a mistake keeps its value beside one that has a mistake."""
    wrong: Any = 7
    source = EventSource(
        table="a.csv", schema={"a": "string"}, query=Query(time_column="a"), name=wrong
    )
    assert (source.table, source.columns, source.name) == ("a.csv", {"a": "string"}, None)


def test_the_nearest_argument_is_named() -> None:
    """A misspelled argument is one mistake, and the message names the argument that was meant."""
    query = Query(time_colum="ts")  # type: ignore[call-arg]
    assert [problem.message for problem in query.problems] == [
        "Query has no argument 'time_colum'. Did you mean 'time_column'?"
    ]


def test_texts_are_not_lists() -> None:
    """A text where a list belongs is refused rather than taken for a list of letters."""
    group_by = GroupBy(sources=[], keys="user", aggregations=[])
    assert "Write ['user']" in " ".join(problem.message for problem in group_by.problems)


def test_truth_is_not_guessed() -> None:
    """A text or number is not taken for True."""
    assert _kinds(GroupBy(sources=[], keys=[], aggregations=[], online="no"))[-1] == "bad-value"  # type: ignore[arg-type]


def test_all_declarations_are_collected() -> None:
    """Whatever is made while collecting is open is seen, also when nothing refers to it."""
    with collecting() as outer:
        with collecting() as inner:
            Query(time_column="ts")
        Query(time_column="ts")
        select("a")
    assert (len(outer), len(inner)) == (1, 1)


def test_each_thread_collects_its_own() -> None:
    """What is declared in another thread while collecting is open is not collected here."""
    with collecting() as here, ThreadPoolExecutor(1) as pool:
        pool.submit(Query, time_column="ts").result()
        Query(time_column="ts")
    assert len(here) == 1


def test_select_names_columns_and_expressions() -> None:
    """Positional columns keep their names, and expressions get the name of their argument."""
    assert select("user", amount="price * 2") == {"user": "user", "amount": "price * 2"}


def test_select_refuses_a_name_given_twice() -> None:
    """A name can stand for one column only."""
    with pytest.raises(ValueError, match="names a twice"):
        select("a", a="b")


@pytest.mark.parametrize(
    "address",
    [
        "kafka://ana:s3cret@broker:9092/clicks",
        "kafka://broker:9092/clicks?sasl.password=s3cret",
        "s3://KEY:s3/cret@bucket/clicks.parquet",
    ],
)
@pytest.mark.parametrize("argument", ["table", "topic"])
def test_an_address_with_a_password_is_a_mistake(argument: str, address: str) -> None:
    """A plan is shown to everybody, and so is the message."""
    named: dict[str, Any] = {argument: address}
    (problem,) = EventSource(query=Query(time_column="ts"), **named).problems
    assert "it holds a password" in problem.message
    assert "s3" not in problem.message


@pytest.mark.parametrize(
    "address", ["kafka://a:9092,b:9092/clicks", "https://host:443/a@b.csv", "data/a:b@c.csv"]
)
def test_a_port_is_no_password(address: str) -> None:
    """Neither is a colon before an @ in a path."""
    assert EventSource(table=address, query=Query(time_column="ts")).problems == ()


@pytest.mark.parametrize(
    "arguments", [{"table": "a\ud800"}, {"topic": "\udfff"}, {"null_values": ["NA", "\ud800"]}]
)
def test_half_of_a_character_is_a_mistake(arguments: dict[str, Any]) -> None:
    """No plan can hold it."""
    (problem,) = EventSource(query=Query(time_column="ts"), **arguments).problems
    assert "half of a character" in problem.message
