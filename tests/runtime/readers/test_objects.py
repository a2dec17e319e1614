"""Events that Python holds: what is missing, what fits, and what is no table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from support.plans import AT
from support.session import Session
from tilewright_runtime.errors import InputError

NAN = float("nan")
MISSING: dict[str, Any] = {
    "None": None,
    "NaN": NAN,
    "NaN of numpy": np.float32("nan"),
    "NaN of decimals": Decimal("NaN"),
    "NaN without dimension": np.array(NAN),
    "NA": pd.NA,
    "NaT": pd.NaT,
    "NaT of numpy": np.datetime64("NaT"),
}


def event(**values: Any) -> dict[str, Any]:
    """An event, some of whose values are others."""
    return {"k": "a", "n": 1, "t": "x", "ts": AT - 1} | values


@pytest.mark.parametrize("what", MISSING)
def test_what_is_missing_is_null_as_a_value(what: str) -> None:
    """It is neither counted nor the text of its name, beside values that are there."""
    session = Session()
    session.write([event(t="x"), event(t=MISSING[what], ts=AT - 1), event(n=MISSING[what])])
    features = session.features(k="a")
    assert (features["t_count_1h"], features["t_last_1h"], features["n_count_1h"]) == (2, "x", 2)


@pytest.mark.parametrize("what", MISSING)
def test_what_is_missing_is_no_entity_and_no_time(what: str) -> None:
    """As a key or a time it is null, and its row is refused for it."""
    report = Session().write([event(k=MISSING[what]), event(ts=MISSING[what]), event()])
    assert report.refused == {"key k is null": 1, "time is null": 1}


@pytest.mark.parametrize(
    ("values", "last", "refused"),
    [
        ([1, "two", None, 2.5], "2.5", 0),
        ([True], "true", 0),
        ([2**200], str(2**200), 0),
        (["\ud800", "ok"], "ok", 1),
        ([b"ab", b"\xff"], "ab", 1),
        (["ab", bytearray(b"\xff"), memoryview(b"\xff"), np.void(b"\xff")], "ab", 3),
        (["ab", [b"\xff"], {"a": b"\xff"}], "ab", 2),
        ([Decimal("1.5"), Decimal("Infinity")], "Infinity", 0),
        ([np.array("x"), np.array(7), np.array(NAN)], "7", 0),
        ([[np.array(7)], [np.array(NAN)]], "[null]", 0),
        ([pa.MonthDayNano([1, 2, 0])], "1 month 2 days", 0),
        ([timedelta(days=1, seconds=1)], "24:00:01", 0),
        ([{"a": [NAN, None, "é"]}], '{"a":[null,null,"é"]}', 0),
        ([(1, 2)], "[1,2]", 0),
    ],
)
def test_values_of_any_class_are_texts_where_texts_belong(
    values: list[Any], last: str, refused: int
) -> None:
    """Each is written as a file would have it; what is no text is refused."""
    session = Session()
    report = session.write([event(t=value, ts=AT - 9 + i) for i, value in enumerate(values)])
    assert (session.features(k="a")["t_last_1h"], report.refused.total()) == (last, refused)


@pytest.mark.parametrize("value", [1.5, True, "1.5", 2**63, "many", Decimal("9007199254740993.5")])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    """Neither a fraction nor a truth nor a larger number is cut down to one."""
    assert Session().write([event(n=1), event(n=value)]).refused == {"n is not a bigint": 1}


FRAMES: dict[str, tuple[Any, list[int | None]]] = {
    "Int64 with NA": (pd.array([1, pd.NA, 3], dtype="Int64"), [1, None, 3]),
    "floats with NaN": ([1.0, NAN, 3.0], [1, None, 3]),
    "objects": ([1, None, "3"], [1, None, 3]),
    "categories": (pd.Categorical([1, None, 3]), [1, None, 3]),
    "sparse": (pd.arrays.SparseArray([1, 2, 3]), [1, 2, 3]),
    "of Arrow": (pd.array([1, None, 3], dtype=pd.ArrowDtype(pa.int64())), [1, None, 3]),
    "uint8": (np.array([1, 2, 3], dtype="uint8"), [1, 2, 3]),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_of_pandas_may_hold_its_numbers_in_any_way(kind: str) -> None:
    """Gaps are null, whatever pandas writes for them, and columns that are not used may be odd."""
    numbers, wanted = FRAMES[kind]
    session = Session()
    frame = pd.DataFrame({"k": list("abc"), "n": numbers, "t": "x", "ts": AT - 1})
    frame["odd"] = [1 + 2j, object(), None]
    assert session.write(frame).refused == {}
    assert session.sums("a", "b", "c") == wanted


def test_times_of_pandas_are_those_moments() -> None:
    """A zone is kept, and nanoseconds are floored."""
    moments = pd.to_datetime(["2024-03-01T10:00:00.000001999"]).tz_localize("Europe/Paris")
    session = Session()
    session.write(pd.DataFrame({"k": "a", "n": 1, "t": moments, "ts": AT - 1}))
    assert session.features(k="a")["t_last_1h"] == "2024-03-01 09:00:00.000001+00"
    assert datetime(2024, 3, 1, 9, tzinfo=UTC) < moments[0]


def failing() -> Iterator[pa.RecordBatch]:
    """A stream that ends in an error of its own."""
    yield pa.RecordBatch.from_pylist([event()])
    raise ValueError("the well is dry")


NO_TABLES: dict[str, tuple[Any, str]] = {
    "a series": (pd.Series([1]), "events of type Series cannot be read"),
    "a dictionary": (event(), "events of type dict cannot be read"),
    "none": (None, "events of type NoneType cannot be read"),
    "numbers": ([1, 2], "events of type list cannot be read"),
    "one column": (pa.chunked_array([[1]]), "is no table that Arrow can stream"),
    "a column twice": (
        pa.Table.from_arrays([pa.array(["a"])] * 5, names=["k", "n", "n", "t", "ts"]),
        "has the column n twice",
    ),
    "a column twice in pandas": (
        pd.DataFrame([["a", 1, 2, "x", AT]], columns=["k", "n", "n", "t", "ts"]),
        "has the column n twice",
    ),
    "a column misspelt": ([{"k": "a", "m": 1, "t": "x", "ts": AT}], "has no column n"),
    "an object": ([event(t=object())], "row 1: the column t holds <object"),
    "a period": (
        pd.DataFrame({"k": "a", "n": 1, "t": pd.period_range("2024", periods=1), "ts": AT}),
        "of the class Period, which no column takes",
    ),
    "a stream that fails": (
        pa.RecordBatchReader.from_batches(pa.Table.from_pylist([event()]).schema, failing()),
        "cannot be read on .*the well is dry",
    ),
}


@pytest.mark.parametrize("what", NO_TABLES)
def test_what_is_no_table_of_events_says_so(what: str) -> None:
    """It is an input that cannot be read, and why."""
    events, reason = NO_TABLES[what]
    with pytest.raises(InputError, match=reason):
        Session().write(events)


def nested() -> list[Any]:
    """A list within a list, 100,000 deep."""
    made: list[Any] = []
    for _ in range(100_000):
        made = [made]
    return made


def endless() -> dict[str, Any]:
    """A dictionary that holds itself."""
    made: dict[str, Any] = {}
    made["own"] = made
    return made


@pytest.mark.parametrize("value", [nested(), endless()], ids=["deep", "endless"])
def test_a_value_without_an_end_is_an_error_of_ours(value: Any) -> None:
    """It has no text, and the error names the row and the column."""
    with pytest.raises(InputError, match="row 2: the column t holds a value that is nested too"):
        Session().write([event(), event(t=value)])


def polars_frame(values: pl.Series) -> pl.DataFrame:
    """A frame of polars with a column `t`."""
    rows = [event() for _ in values]
    return pl.DataFrame(rows).with_columns(values.alias("t"))


@pytest.mark.parametrize(
    ("values", "last"),
    [
        (pl.Series([2**100, 7], dtype=pl.Int128), "7"),
        (pl.Series([[2**100], [7]], dtype=pl.List(pl.Int128)), "[7]"),
        (pl.Series([Decimal("1.5"), "x"], dtype=pl.Object), "x"),
        (pl.Series(["a", "b"], dtype=pl.Categorical), "b"),
    ],
    ids=["int128", "list", "object", "categorical"],
)
def test_frames_of_polars_have_the_values_that_arrow_does_not(values: pl.Series, last: str) -> None:
    """What polars cannot give to Arrow is read value by value, and no address is a value."""
    session = Session()
    session.write(polars_frame(values))
    assert session.features(k="a")["t_last_1h"] == last


def test_unused_columns_of_polars_are_not_looked_at() -> None:
    """A frame may hold what no table can, beside the columns of the plan."""
    session = Session()
    objects = pl.Series([object()], dtype=pl.Object)
    session.write(polars_frame(pl.Series(["x"])).with_columns(other=objects))
    assert session.features(k="a")["t_last_1h"] == "x"


def test_objects_of_polars_without_a_text_are_an_error_of_ours() -> None:
    """As in dictionaries, the error names the row and the column."""
    with pytest.raises(InputError, match="row 1: the column t holds <object"):
        Session().write(polars_frame(pl.Series([object()], dtype=pl.Object)))


@pytest.mark.parametrize(
    "position", [7, pd.Series(["x"]), pd.NA, 10**5000], ids=["number", "series", "NA", "long"]
)
def test_a_position_is_a_text(position: Any) -> None:
    """What is none has no name under which a table could be found again."""
    with pytest.raises(InputError, match="is no text"):
        Session().write([event()], position=position)
