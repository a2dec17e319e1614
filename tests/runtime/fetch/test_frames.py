"""Answers as tables, and in notebooks."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from support.everything import every_operation, some_events, written
from support.plans import AT, aggregations, plan_of
from support.session import SCHEMA as SIMPLE
from support.session import Session, row, simple_plan
from tilewright import Operation
from tilewright_runtime import Fetcher
from tilewright_runtime.fetch.frames import arrow_type


@pytest.mark.parametrize(
    ("duckdb_type", "want"),
    [
        ("UBIGINT", pa.uint64()),
        ("HUGEINT", pa.decimal128(38, 0)),
        ("DECIMAL(20,2)[]", pa.list_(pa.decimal128(20, 2))),
        ("TIMESTAMP WITH TIME ZONE", pa.timestamp("us", "UTC")),
        ("MAP(DECIMAL(8,2), BIGINT)", pa.map_(pa.decimal128(8, 2), pa.int64())),
        (
            'STRUCT("a ""b"", (c" VARCHAR, n BIGINT[])',
            pa.struct([('a "b", (c', pa.string()), ("n", pa.list_(pa.int64()))]),
        ),
    ],
)
def test_types_are_those_of_the_plan(duckdb_type: str, want: pa.DataType) -> None:
    """Each DuckDB type has one of Arrow."""
    assert arrow_type(duckdb_type) == want


def test_what_is_no_type_is_refused() -> None:
    """No plan that was read has one."""
    with pytest.raises(ValueError, match="no type of a feature"):
        arrow_type("BLOB")


def test_every_operation_has_a_column() -> None:
    """Its rows are the answers, and types stay the same where all values are null."""
    plan = every_operation()
    store = written(plan, some_events(60))
    fetcher = Fetcher(plan, store)
    answers = fetcher.fetch_many([event_keys(plan, event) for event in some_events(60)][:8], AT)
    table = answers.to_arrow()
    assert table.num_rows == 8
    assert table.schema == fetcher.fetch_many([], AT).to_arrow().schema
    for name in [feature.name for feature in plan.features]:
        column = table.column(name)
        for value, answer in zip(column.to_pylist(maps_as_pydicts="strict"), answers, strict=True):
            shown = repr(value).replace("zoneinfo.ZoneInfo(key='UTC')", "datetime.timezone.utc")
            assert shown == repr(answer.features[name])  # as text, in which NaN equals itself


def event_keys(plan: object, event: object) -> dict[str, object]:
    return {column.name: event[column.name] for column in plan.keys}  # type: ignore[index,attr-defined]


def test_many_answers_are_a_list_and_a_table() -> None:
    """The columns are the keys, the time, and the features that were asked for."""
    session = Session()
    session.write([row("a", 3)])
    fetcher = Fetcher(session.plan, session.store)
    answers = fetcher.fetch_many([{"k": "a"}, {"k": "b"}], AT, features=["n_sum_1h"])
    assert [answers[0], *answers[1:]] == list(answers)
    moment = datetime(2024, 1, 4, 14, 37, 25, tzinfo=UTC)
    assert answers.to_arrow().to_pylist() == [
        {"k": "a", "at": moment, "n_sum_1h": 3},
        {"k": "b", "at": moment, "n_sum_1h": None},
    ]


def test_frames_of_pandas_and_polars_keep_the_types() -> None:
    """A whole number with a null stays a whole number."""
    session = Session()
    session.write([row("a", 2**62 + 1)])
    answers = Fetcher(session.plan, session.store).fetch_many([{"k": "a"}, {"k": "b"}], AT)
    pandas, polars = answers.to_pandas(), answers.to_polars()
    assert str(pandas["n_sum_1h"].dtype) == "int64[pyarrow]"
    assert (pandas["n_sum_1h"][0], polars["n_sum_1h"].to_list()) == (2**62 + 1, [2**62 + 1, None])


def test_derivations_are_columns_too() -> None:
    """They follow the features."""
    counts = aggregations("n", [Operation.COUNT])
    plan = plan_of(SIMPLE, ["k"], counts, derivations={"half": "n_count_1h / 2"})
    session = Session(plan)
    session.write([row("a", 3)])
    table = Fetcher(plan, session.store).fetch_many([{"k": "a"}], AT).to_arrow()
    assert table.select(["n_count_1h", "half"]).to_pylist() == [{"n_count_1h": 1, "half": 0.5}]


def test_an_answer_shows_itself_in_a_notebook() -> None:
    """Names and values of the events are escaped."""
    session = Session(simple_plan())
    session.write([row("<b>", 1, "<script>")])
    shown = Fetcher(session.plan, session.store).fetch({"k": "<b>"}, AT)._repr_html_()
    assert "<script>" not in shown
    assert "<b>" not in shown
    assert "&lt;script&gt;" in shown
    assert "2024-01-04T14:37:25Z" in shown
