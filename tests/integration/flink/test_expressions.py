"""The author's expressions on Flink itself: each gives what Spark gave, or is refused."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp

from support.corpus import FAMILIES, Case, columns, read, recorded_of, rows
from support.corpus_duckdb import same
from support.flink import PATHS, python
from support.process import environment
from tilewright_compiler.expressions.binder import Binder
from tilewright_compiler.expressions.flink.casts import read as read_column
from tilewright_compiler.expressions.flink.expressions import Translated, to_flink
from tilewright_compiler.plan.model import Column, Source
from tilewright_compiler.quoting import backquoted
from tilewright_compiler.sql.flink import Flink
from tilewright_compiler.sql.tree import NotTranslatable

#: One query of a hundred columns makes more code than a Java method takes.
AT_ONCE = 20
#: What is refused is tried over these columns.
ROW = Source(
    name="row",
    table=None,
    topic=None,
    dialect="spark",
    schema=[
        Column(name=name, type=kind)
        for name, kind in {
            **{"i": "INTEGER", "n": "BIGINT", "d": "DOUBLE", "m": "DECIMAL(10,2)", "s": "VARCHAR"},
            "t": "TIMESTAMP WITH TIME ZONE",
        }.items()
    ],
    selects={},
    wheres=[],
    time_column="i",
)
#: More than half of the expressions that the compiler takes.
LEAST = 500


@dataclass(frozen=True)
class Asked:
    """An expression that Flink is asked for, and what it says."""

    case: Case
    flink: Translated


def source(table: str) -> Source:
    """A stream of a table of rows, without its arrays and maps: JSON has none."""
    plain = {name: kind for name, kind in columns(table).items() if _is_plain(kind)}
    return Source(
        name=table,
        table=None,
        topic=None,
        dialect="spark",
        schema=[Column(name=name, type=kind) for name, kind in plain.items()],
        selects={},
        wheres=[],
        time_column="i",
    )


def _is_plain(kind: str) -> bool:
    return not kind.endswith("]") and not kind.startswith("MAP")


def translated() -> Iterator[Asked]:
    """Translate the expressions of the corpus that are not refused."""
    binder = Binder()
    for case in (case for family in FAMILIES for case in read(family) if not case.refused):
        try:
            yield Asked(case, to_flink(case.expression, source(case.rows), binder))
        except NotTranslatable:
            continue


def ddl(table: str, folder: Path) -> list[str]:
    """Write the rows of a table as events, and the statements that read them."""
    names = [column.name for column in source(table).columns]
    places = [list(columns(table)).index(name) for name in names]
    events = []
    for number, cells in enumerate(rows(table).cells):
        event: dict[str, str | None] = {"__row": str(number)}
        event |= {name: _text(cells[at]) for name, at in zip(names, places, strict=True)}
        events.append(event)
    path = folder / f"{table}.json"
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    raw = ", ".join(f"{backquoted(name)} STRING" for name in ["__row", *names])
    typed = ", ".join(_typed(column) for column in source(table).columns)
    where = f"('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json')"
    return [
        f"CREATE TABLE raw_{table} ({raw}) WITH {where}",
        f"CREATE TEMPORARY VIEW `{table}` AS SELECT `__row`, {typed} FROM raw_{table}",
    ]


def _typed(column: Column) -> str:
    value = read_column(exp.column(column.name, quoted=True), column.type)
    return f"{value.sql(Flink, identify=True)} AS {backquoted(column.name)}"


def _text(cell: Any) -> str | None:
    return cell if cell is None or isinstance(cell, str) else json.dumps(cell)


def computed(asked: list[Asked], folder: Path) -> dict[Asked, list[str | None]]:
    """Give what Flink gives for each expression over all rows, as text."""
    tables = list(dict.fromkeys(one.case.rows for one in asked))
    by_table = [[one for one in asked if one.case.rows == table] for table in tables]
    parts = [some[at : at + AT_ONCE] for some in by_table for at in range(0, len(some), AT_ONCE)]
    statements = {
        "ddl": [statement for table in tables for statement in ddl(table, folder)],
        "queries": [_query(part) for part in parts],
    }
    ran = subprocess.run(
        [python(), str(Path(__file__).with_name("programs") / "values.py")],
        input=json.dumps(statements),
        capture_output=True,
        text=True,
        check=False,
        env=environment(JVM_ARGS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", PYTHONPATH=PATHS),
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found: dict[Asked, list[str | None]] = {}
    for part, result in zip(parts, json.loads(ran.stdout.splitlines()[-1]), strict=True):
        result.sort(key=lambda row: int(row[0]))
        found |= {one: [row[at + 1] for row in result] for at, one in enumerate(part)}
    return found


def _query(part: list[Asked]) -> str:
    values = [f"CAST({one.flink.sql} AS STRING) AS c{at}" for at, one in enumerate(part)]
    return f"SELECT {', '.join(['`__row`', *values])} FROM `{part[0].case.rows}`"


def value(text: str | None, kind: str, spark: str) -> Any:
    """Read a value that Flink wrote as the type that Spark has for it."""
    if text is None:
        return None
    match spark:
        case "double" | "float":
            return float(text)
        case "boolean":
            return text.lower() == "true"
        case "date":
            return int(text) if kind.startswith("TIMESTAMP") else _days(text)
        case "string":
            return text
    return Decimal(text) if spark.startswith("decimal") else int(Decimal(text))


def _days(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def test_values_are_those_of_spark(tmp_path: Path) -> None:
    """Every expression that is not refused has in every row the value of Spark."""
    asked = list(translated())
    assert len(asked) >= LEAST
    wrong = {}
    for one, texts in computed(asked, tmp_path).items():
        spark = recorded_of(one.case)
        ours = [value(text, one.flink.type, spark.type) for text in texts]
        compared = zip(rows(one.case.rows).cells, ours, spark.values, strict=True)
        bad = [row for row in compared if not same(row[1], row[2], spark.type)]
        if bad:
            wrong[one.case.rows, one.case.expression] = bad[:3]
    assert wrong == {}


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("greatest(i, n)", "greatest"),
        ("round(d, 1)", "round"),
        ("cast(d as decimal(10,1))", "a cast of double to varchar"),
        ("cast(m as decimal(28,2)) * m", "more than 37 digits"),
        ("s like concat('a', '%')", "LIKE with a pattern that is no text"),
        ("t + interval 1 hour", "arithmetic that gives timestamp"),
    ],
)
def test_what_flink_computes_in_another_way_is_refused(expression: str, said: str) -> None:
    """An expression without a certain translation is named, with what to do."""
    with pytest.raises(NotTranslatable, match=said):
        to_flink(expression, ROW, Binder())
