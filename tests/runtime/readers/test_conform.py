"""What fits a declared type, by the type that a table, a file or Python has it in."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from support.plans import AT, aggregations, plan_of
from support.session import Session, files_plan
from tilewright import Operation
from tilewright_compiler.plan.model import Plan

DECLARED = (
    *("string", "boolean", "int", "bigint", "double", "decimal(18,2)"),
    *("date", "timestamp", "array<string>", "array<bigint>"),
)
#: What stands for a value that is refused.
NO = "refused"
INSTANT = datetime(2024, 3, 1, 23, 59, 59, 999999, UTC)


def names() -> dict[str, str]:
    return {kind: f"x{place}" for place, kind in enumerate(DECLARED)}


@cache
def plan() -> Plan:
    """The last value of a column of each declared type, by the name of that type."""
    lasts = [a for name in names().values() for a in aggregations(name, [Operation.LAST])]
    schema = {"k": "string", **{name: kind for kind, name in names().items()}}
    return plan_of(schema, ["k"], lasts)


def outcomes(array: pa.Array) -> list[Any]:
    """What becomes of the one value of an array in each declared type."""
    rows = len(DECLARED)
    columns: dict[str, Any] = {"k": list(DECLARED), "ts": [AT - 1] * rows}
    for place, name in enumerate(names().values()):
        columns[name] = spread(array, [0 if row == place else None for row in range(rows)])
    session = Session(plan())
    report = session.write(pa.table(columns))
    refused = {reason.partition(" ")[0] for reason in report.refused}
    return [
        NO if name in refused else session.features(k=kind)[f"{name}_last_1h"]
        for kind, name in names().items()
    ]


def spread(array: pa.Array, indices: list[int | None]) -> pa.Array:
    """Values of an array by their indices, also of types of which Arrow cannot take any."""
    if pa.types.is_run_end_encoded(array.type):
        return pc.run_end_encode(spread(pc.run_end_decode(array), indices))
    if array.type in (pa.string_view(), pa.binary_view()):
        return spread(array.cast(pa.binary()), indices).cast(array.type)
    return array.take(pa.array(indices, pa.int64()))


def extension(name: str, values: list[Any]) -> pa.Array:
    """An array of one of Arrow's own extension types."""
    types = {"uuid": (pa.uuid, pa.binary(16)), "json": (pa.json_, pa.string())}
    types["bool8"] = (pa.bool8, pa.int8())
    make, storage = types[name]
    return pa.ExtensionArray.from_storage(make(), pa.array(values, storage))


NS = 1_709_337_599_999_999_999  # the last nanosecond of 1 March 2024
DAY, US = date(2024, 3, 1), INSTANT
ID = uuid.UUID("3f2c1b7e-9d44-4c1e-8f0a-b5d6e7f8a9c0")
LAST = "2024-03-01 23:59:59.999999"


def only(value: Any) -> list[Any]:
    """The outcome of what is a text and nothing else."""
    return [value, *[NO] * 9]


def of_number(text: str, boolean: Any, whole: Any, real: Any, decimal: Any) -> list[Any]:
    return [text, boolean, whole, whole, real, decimal, NO, NO, NO, NO]


SMALL = of_number("1", True, 1, 1.0, Decimal("1.00"))
TIMES = [NO, NO, NO, NO, NO, DAY, US, NO, NO]

#: Name of a type -> an array of one value, and its outcome in each declared type.
TABLE: dict[str, tuple[Callable[[], pa.Array], list[Any]]] = {
    **{
        str(kind): (partial(pa.array, [1], kind), SMALL)
        for kind in (
            *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
            *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        )
    },
    "int64 of two": (lambda: pa.array([2]), of_number("2", NO, 2, 2.0, Decimal("2.00"))),
    "uint64 of the largest": (
        lambda: pa.array([2**64 - 1], pa.uint64()),
        of_number("18446744073709551615", NO, NO, 2.0**64, NO),
    ),
    "halffloat": (
        lambda: pa.array([np.float16(1.5)], pa.float16()),
        of_number("1.5", NO, NO, 1.5, Decimal("1.50")),
    ),
    "float": (
        lambda: pa.array([1.5], pa.float32()),
        of_number("1.5", NO, NO, 1.5, Decimal("1.50")),
    ),
    "double": (lambda: pa.array([1.0]), of_number("1.0", NO, 1, 1.0, Decimal("1.00"))),
    "double of 1.5": (lambda: pa.array([1.5]), of_number("1.5", NO, NO, 1.5, Decimal("1.50"))),
    "double of NaN": (lambda: pa.array([float("nan")]), of_number("nan", NO, NO, float("nan"), NO)),
    "bool": (lambda: pa.array([True]), ["true", True, *[NO] * 8]),
    "decimal128": (
        lambda: pa.array([Decimal("2.50")], pa.decimal128(10, 2)),
        of_number("2.50", NO, NO, 2.5, Decimal("2.50")),
    ),
    "decimal128 of a fraction that no double tells": (
        lambda: pa.array([Decimal("9007199254740993.5")]),
        of_number("9007199254740993.5", NO, NO, 9007199254740994.0, Decimal("9007199254740993.50")),
    ),
    "decimal128 without digits before the point": (
        lambda: pa.array([Decimal("0.05")], pa.decimal128(2, 2)),
        of_number("0.05", NO, NO, 0.05, Decimal("0.05")),
    ),
    "decimal128 of nothing but digits after the point": (
        lambda: pa.array([Decimal("-0.5")], pa.decimal128(38, 38)),
        of_number("-0." + "5".ljust(38, "0"), NO, NO, -0.5, Decimal("-0.50")),
    ),
    "Python's decimal below one": (
        lambda: pa.array([Decimal("0.0050")]),
        of_number("0.0050", NO, NO, 0.005, Decimal("0.01")),
    ),
    "decimal256": (
        lambda: pa.array([Decimal("2.50")], pa.decimal256(50, 2)),
        of_number("2.50", NO, NO, 2.5, Decimal("2.50")),
    ),
    "decimal32": (
        lambda: pa.array([Decimal("2.50")], pa.decimal32(5, 2)),
        of_number("2.50", NO, NO, 2.5, Decimal("2.50")),
    ),
    "decimal128 of hundreds": (
        lambda: pa.array([Decimal("1200")], pa.decimal128(5, -2)),
        of_number("1200", NO, 1200, 1200.0, Decimal("1200.00")),
    ),
    "date32": (
        lambda: pa.array([DAY]),
        ["2024-03-01", NO, NO, NO, NO, NO, DAY, datetime(2024, 3, 1, tzinfo=UTC), NO, NO],
    ),
    "date64": (
        lambda: pa.array([DAY], pa.date64()),
        ["2024-03-01", NO, NO, NO, NO, NO, DAY, datetime(2024, 3, 1, tzinfo=UTC), NO, NO],
    ),
    "timestamp[ns]": (lambda: pa.array([NS], pa.timestamp("ns")), [LAST, *TIMES]),
    "timestamp[ns, tz]": (
        lambda: pa.array([NS], pa.timestamp("ns", "Europe/Stockholm")),
        [f"{LAST}+00", *TIMES],
    ),
    "timestamp[us]": (lambda: pa.array([US.replace(tzinfo=None)]), [LAST, *TIMES]),
    "timestamp[s]": (
        lambda: pa.array([1_709_251_200], pa.timestamp("s")),
        ["2024-03-01 00:00:00", NO, NO, NO, NO, NO, DAY, datetime(2024, 3, 1, tzinfo=UTC), NO, NO],
    ),
    "timestamp[s] of no year": (lambda: pa.array([2**60], pa.timestamp("s")), [NO] * 10),
    "time64": (lambda: pa.array([time(10, 30)]), only("10:30:00")),
    "time64[ns]": (lambda: pa.array([1_999], pa.time64("ns")), only("00:00:00.000001")),
    "duration": (lambda: pa.array([timedelta(hours=1)]), only("01:00:00")),
    "duration[ns]": (lambda: pa.array([1_999], pa.duration("ns")), only("00:00:00.000001")),
    "month_day_nano_interval": (
        lambda: pa.array([(1, 2, 3_000)], pa.month_day_nano_interval()),
        only("1 month 2 days 00:00:00.000003"),
    ),
    "string": (lambda: pa.array(["Malmö"]), only("Malmö")),
    "string of a number": (lambda: pa.array(["1"]), SMALL),
    "large_string": (lambda: pa.array(["1"], pa.large_string()), SMALL),
    "string_view": (lambda: pa.array(["1"], pa.string_view()), SMALL),
    "binary": (lambda: pa.array(["Malmö".encode()]), only("Malmö")),
    "large_binary": (lambda: pa.array([b"1"], pa.large_binary()), SMALL),
    "binary_view": (lambda: pa.array([b"1"], pa.binary_view()), SMALL),
    "fixed_size_binary": (lambda: pa.array([b"1"], pa.binary(1)), SMALL),
    "dictionary": (lambda: pa.array(["1"]).dictionary_encode(), SMALL),
    "dictionary of numbers": (lambda: pa.array([1]).dictionary_encode(), SMALL),
    "dictionary of views": (
        lambda: pa.DictionaryArray.from_arrays([0], pa.array(["1"], pa.string_view())),
        SMALL,
    ),
    "run_end_encoded": (lambda: pc.run_end_encode(pa.array([1])), SMALL),
    "uuid": (lambda: extension("uuid", [ID.bytes]), only(str(ID))),
    "json": (lambda: extension("json", ["1"]), SMALL),
    "bool8": (lambda: extension("bool8", [1]), ["true", True, *[NO] * 8]),
    "struct": (
        lambda: pa.array([{"os": "ios", "n": [1, None]}]),
        only('{"os":"ios","n":[1,null]}'),
    ),
    "map": (lambda: pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())), only('{"a":1}')),
    "list": (lambda: pa.array([[1, 2]]), [*only("[1,2]")[:8], "2", 2]),
    "large_list": (
        lambda: pa.array([[1, 2]], pa.large_list(pa.int8())),
        [*only("[1,2]")[:8], "2", 2],
    ),
    "fixed_size_list": (
        lambda: pa.array([[1, 2]], pa.list_(pa.int8(), 2)),
        [*only("[1,2]")[:8], "2", 2],
    ),
    "list_view": (
        lambda: pa.array([[1, 2]], pa.list_view(pa.int8())),
        [*only("[1,2]")[:8], "2", 2],
    ),
    "list of fractions": (lambda: pa.array([[1.5]]), [*only("[1.5]")[:8], "1.5", NO]),
    "list of texts": (lambda: pa.array([["é"]]), [*only('["é"]')[:8], "é", NO]),
    "list of uuids": (
        lambda: pa.ListArray.from_arrays([0, 1], extension("uuid", [ID.bytes])),
        [*only(f'["{ID}"]')[:8], str(ID), NO],
    ),
}


@pytest.mark.parametrize("kind", TABLE)
def test_a_value_fits_refuses_or_is_documented(kind: str) -> None:
    """Each Arrow type in each declared type: the value, or a refusal that names the column."""
    make, expected = TABLE[kind]
    actual = dict(zip(DECLARED, map(repr, outcomes(make())), strict=True))
    assert actual == dict(zip(DECLARED, map(repr, expected), strict=True))


LATIN = "Malmö".encode("latin-1")
NOT_UTF8: dict[str, Callable[[], pa.Array]] = {
    "string": lambda: pa.array([b"a", LATIN]).view(pa.string()),
    "large_string": lambda: pa.array([b"a", LATIN], pa.large_binary()).view(pa.large_string()),
    "binary": lambda: pa.array([b"a", LATIN]),
    "large_binary": lambda: pa.array([b"a", LATIN], pa.large_binary()),
    "binary_view": lambda: pa.array([b"a", LATIN], pa.binary_view()),
    "fixed_size_binary": lambda: pa.array([b"aaaaa", LATIN], pa.binary(5)),
    "dictionary": lambda: pa.array([b"a", LATIN]).dictionary_encode(),
    "list": lambda: pa.array([[b"a"], [LATIN]]),
    "struct": lambda: pa.array([{"city": b"a"}, {"city": LATIN}]),
    "struct of texts": lambda: pa.StructArray.from_arrays(
        [pa.array([b"a", LATIN]).view(pa.string())], names=["city"]
    ),
}


@pytest.mark.parametrize("chunk_rows", [1, 2])
@pytest.mark.parametrize("kind", NOT_UTF8)
def test_bytes_that_are_no_text_are_refused_row_by_row(kind: str, chunk_rows: int) -> None:
    """In whatever type and chunks they come, the row before them is kept."""
    table = pa.table({"k": ["a", "b"], "n": [1, 2], "t": NOT_UTF8[kind](), "ts": [AT - 1] * 2})
    table = pa.Table.from_batches(table.to_batches(max_chunksize=chunk_rows))
    session = Session()
    report = session.write(table)
    assert (report.events, report.refused) == (1, {"not UTF-8 text": 1})
    assert session.sums("a", "b") == [1, None]


NESTED_VIEWS: dict[str, Callable[[], pa.Array]] = {
    "struct": lambda: pa.array([{"a": "x"}] * 2, pa.struct([("a", pa.string_view())])),
    "map": lambda: pa.array([[("a", b"x")]] * 2, pa.map_(pa.string(), pa.binary_view())),
    "list": lambda: pa.array([{"a": ["x"]}] * 2, pa.struct([("a", pa.list_view(pa.string()))])),
}


@pytest.mark.parametrize("kind", NESTED_VIEWS)
@pytest.mark.parametrize("declared", ["string", "array<string>"])
def test_a_row_may_be_left_out_beside_nested_views(kind: str, declared: str) -> None:
    """Frames of polars send texts so, and the other row is kept if it fits."""
    counted = [a for name in ("x", "n") for a in aggregations(name, [Operation.COUNT])]
    plan = plan_of({"k": "string", "x": declared, "n": "bigint"}, ["k"], counted)
    columns = {"k": ["a", "b"], "x": NESTED_VIEWS[kind](), "n": ["1", "many"], "ts": [AT - 1] * 2}
    report = Session(plan).write(pa.table(columns))
    assert report.events == (1 if declared == "string" else 0)


def test_null_values_stand_for_no_value_in_categories_too() -> None:
    """Frames and files have texts that come often as dictionaries."""
    texts = pa.array(["NA", "x", "NA"]).dictionary_encode()
    session = Session(files_plan(null_values=["NA"]))
    events = {"k": ["a"] * 3, "n": [1, 2, 3], "t": texts, "ts": [AT - 1] * 3}
    session.write(pa.table(events))
    assert session.features(k="a")["t_count_1h"] == 1
