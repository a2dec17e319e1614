"""The corpus in a real Spark, in the session that jobs have: non-ANSI, in UTC."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as t

from support.corpus import Case, Recorded, Rows, Values, rows
from tilewright_runtime.engines.spark.session import open_session

#: A plan of hundreds of columns takes Spark longer than a few plans of some.
_AT_ONCE = 25


def record(cases: Iterable[Case]) -> Values:
    """Compute what Spark gives for the expressions that are not refused."""
    spark = open_session("corpus")
    found: dict[tuple[str, str], Recorded] = {}
    wanted = [case for case in cases if not case.refused]
    for table in dict.fromkeys(case.rows for case in wanted):
        frame = _frame(spark, rows(table)).cache()
        some = [case for case in wanted if case.rows == table]
        for start in range(0, len(some), _AT_ONCE):
            found |= _recorded(frame, some[start : start + _AT_ONCE])
    return Values(spark.version, found)


def _frame(spark: SparkSession, table: Rows) -> DataFrame:
    """Make a table of texts and cast them, which reads each as it is written."""
    texts = [[number, *map(_text, cells)] for number, cells in enumerate(table.cells)]
    names = ["__row", *table.types]
    schema = ", ".join(f"`{name}` {'int' if name == '__row' else 'string'}" for name in names)
    columns = [_read(name, kind) for name, kind in table.types.items()]
    return spark.createDataFrame(texts, schema).selectExpr("__row", *columns)


def _text(cell: Any) -> str | None:
    return cell if cell is None or isinstance(cell, str) else json.dumps(cell)


def _read(name: str, kind: str) -> str:
    if kind == "map<bigint,bigint>":  # JSON has keys of text only
        whole = "(k, v) -> CAST(k AS BIGINT)"
        return f"transform_keys(from_json(`{name}`, 'map<string,bigint>'), {whole}) AS `{name}`"
    if kind == "array<double>":  # JSON has no NaN
        number = "value -> CAST(value AS DOUBLE)"
        return f"transform(from_json(`{name}`, 'array<string>'), {number}) AS `{name}`"
    if "<" in kind:
        return f"from_json(`{name}`, '{kind}') AS `{name}`"
    return f"CAST(`{name}` AS {kind}) AS `{name}`"


def _recorded(frame: DataFrame, cases: list[Case]) -> dict[tuple[str, str], Recorded]:
    kept, kinds, columns = [], [], []
    for case in cases:
        try:
            kind = frame.selectExpr(f"{case.reference} AS x").schema[0].dataType
        except Exception as error:  # Spark does not know it, so ours has to refuse it
            print(f"{case.rows}: {case.expression}: {str(error).splitlines()[0][:150]}")
            continue
        kept.append(case)
        kinds.append(kind)
        columns.append(_plain(case.reference, kind))
    try:
        found = _values(frame, columns)
    except Exception:
        found, good = [], []
        for case, kind, column in zip(kept, kinds, columns, strict=True):
            try:
                found.append(_values(frame, [column])[0])
                good.append((case, kind))
            except Exception as error:
                print(f"{case.rows}: {case.expression}: fails: {str(error).splitlines()[0][:150]}")
        kept, kinds = [case for case, _ in good], [kind for _, kind in good]
    return {
        (case.rows, case.expression): Recorded(kind.simpleString(), values)
        for case, kind, values in zip(kept, kinds, found, strict=True)
    }


def _values(frame: DataFrame, columns: list[str]) -> list[list[Any]]:
    named = [f"{column} AS c{at}" for at, column in enumerate(columns)]
    found = frame.selectExpr("__row", *named).orderBy("__row").collect()
    return [[plain(row[at + 1]) for row in found] for at in range(len(columns))]


def _plain(expression: str, kind: t.DataType) -> str:
    """Write times as whole numbers, since Python's have fewer years."""
    match kind:
        case t.DateType():
            return f"unix_date({expression})"
        case t.TimestampType():
            return f"unix_micros({expression})"
        case t.TimestampNTZType():
            return f"unix_micros(CAST({expression} AS TIMESTAMP))"
    return f"({expression})"


def plain(value: Any) -> Any:
    """Give a value as JSON can keep it: floats and decimals as texts, times as numbers."""
    match value:
        case float():
            return repr(value)
        case Decimal():
            return f"{value:f}"
        case datetime():
            since = value.replace(tzinfo=None) - datetime(1970, 1, 1)
            return since // timedelta(microseconds=1)
        case date():
            return (value - date(1970, 1, 1)).days
        case timedelta():
            return value // timedelta(microseconds=1)
        case list() | tuple():
            return [plain(part) for part in value]
        case dict():
            return {str(key): plain(part) for key, part in value.items()}
    return value
