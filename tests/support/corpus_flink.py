"""The corpus in a real Flink: each expression that a job may hold, over the table of its rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sqlglot import exp

from support.corpus import CORPUS, FAMILIES, Case, Rows, columns, read, recorded_of, rows
from support.corpus_duckdb import beyond, same
from support.flink import Host
from tilewright_compiler.expressions.binder import shared_binder
from tilewright_compiler.expressions.flink.expressions import Translated, to_flink
from tilewright_compiler.expressions.flink.reading import read as read_field
from tilewright_compiler.expressions.flink.reading import selected
from tilewright_compiler.expressions.spark.types import family_of
from tilewright_compiler.plan.model import Column, Source
from tilewright_compiler.quoting import backquoted
from tilewright_compiler.sql.flink import Flink
from tilewright_compiler.sql.tree import NotTranslatable

#: What Flink gave is kept here, by table and expression.
RECORDED = CORPUS / "flink.jsonl"
#: One query of a hundred columns makes more code than a Java method takes.
_AT_ONCE = 20


@dataclass(frozen=True)
class Recorded:
    """The version of the Flink that was asked, and what it was asked.

    Each expression has the digest of the Flink SQL that gave Spark's values, null where it is
    refused.
    """

    flink: str
    digests: dict[tuple[str, str], str | None]


def translated(case: Case) -> Translated | None:
    """Give an expression's Flink SQL, none where it is refused."""
    schema = [Column(name=name, type=kind) for name, kind in columns(case.rows).items()]
    source = Source(
        name="rows",
        table=None,
        topic=None,
        dialect="spark",
        schema=schema,
        selects={},
        wheres=[],
        time_column="ms",
    )
    try:
        return to_flink(case.expression, source, shared_binder())
    except NotTranslatable:
        return None


@cache
def accepted() -> dict[Case, Translated]:
    """Collect the expressions of the corpus that a job may hold."""
    found: dict[Case, Translated] = {}
    for case in all_cases():
        one = translated(case)
        if one is not None:
            found[case] = one
    return found


def all_cases() -> list[Case]:
    """List what the compiler takes of the corpus, each expression over a table once."""
    cases: dict[tuple[str, str], Case] = {}
    for family in FAMILIES:
        for case in read(family):
            if not case.refused:
                cases.setdefault((case.rows, case.expression), case)
    return list(cases.values())


def digest(one: Translated) -> str:
    """Digest the Flink SQL of an expression."""
    return hashlib.sha256(sql_of(one).encode()).hexdigest()[:16]


def sql_of(one: Translated) -> str:
    """Write an expression as a job selects it."""
    tree = selected(one.tree, one.type, isinstance(one.tree, exp.Column))
    return str(tree.sql(Flink, identify=True, comments=False))


def recorded() -> Recorded:
    """Read what Flink has been asked."""
    head, *lines = map(json.loads, RECORDED.read_text(encoding="utf-8").splitlines())
    digests = {(table, expression): asked for table, expression, asked in lines}
    return Recorded(head["flink"], digests)


def save(found: Recorded) -> None:
    """Write what Flink has been asked."""
    lines: list[Any] = [{"flink": found.flink}]
    lines += [[*case, asked] for case, asked in found.digests.items()]
    RECORDED.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


class Answers:
    """What Flink gives for some expressions of the corpus that differs from Spark."""

    def __init__(self, cases: Sequence[Case], folder: Path, host: Host) -> None:
        self._host = host
        self.wrong: dict[tuple[str, str], list[Any]] = {}
        tables = list(dict.fromkeys(case.rows for case in cases))
        self._ddl: list[str] = []
        parts: list[list[Case]] = []
        for table in tables:
            self._ddl += _statements(rows(table), folder)
            some = [case for case in cases if case.rows == table]
            parts += [some[at : at + _AT_ONCE] for at in range(0, len(some), _AT_ONCE)]
        refused = self._ask(parts)
        # One expression that Flink does not take spoils the query that it stands in.
        for case in self._ask([[case] for part in refused for case in part]):
            self.wrong[case[0].rows, case[0].expression] = ["Flink does not run it"]

    def _ask(self, parts: Sequence[list[Case]]) -> list[list[Case]]:
        """Compare the values of each part; give those whose query fails."""
        if not parts:
            return []
        said = self._host.query(self._ddl, [_query(part) for part in parts])
        self.flink: str = said["flink"]
        failed = []
        for part, answers in zip(parts, said["answers"], strict=True):
            if isinstance(answers, str):
                failed.append(part)
            else:
                self._compare(part, sorted(answers, key=lambda row: int(row[0])))
        return failed

    def _compare(self, part: Sequence[Case], answers: Sequence[Sequence[Any]]) -> None:
        for place, case in enumerate(part, start=1):
            kind = accepted()[case].type
            found = [_value(row[place], kind) for row in answers]
            if wrong := disagreements(case, found):
                self.wrong[case.rows, case.expression] = list(wrong)


def disagreements(case: Case, found: Sequence[Any]) -> list[tuple[Any, Any, Any]]:
    """Find the rows of which Flink gave another value than Spark, or one beyond our years."""
    spark = recorded_of(case)
    cells = rows(case.rows).cells
    wrong = []
    for row, one, other in zip(cells, found, spark.values, strict=True):
        wanted = None if other is not None and beyond(other, spark.type) else other
        if not same(one, wanted, spark.type):
            wrong.append((row, one, wanted))
    return wrong


def _statements(table: Rows, folder: Path) -> list[str]:
    """Write a table's rows as lines of JSON, and say how Flink reads them as a job does."""
    path = folder / f"{table.name}.json"
    plain = {
        name: kind for name, kind in columns(table.name).items() if family_of(kind) is not None
    }
    names = list(table.types)
    with path.open("w", encoding="utf-8") as file:
        for at, cells in enumerate(table.cells):
            row = dict(zip(names, cells, strict=True))
            event = {name: row[name] for name in plain}
            file.write(json.dumps({"__row": at} | event) + "\n")
    raw = ", ".join(f"{backquoted(name)} STRING" for name in ["__row", *plain])
    typed = ", ".join(f"{_read(name, kind)} AS {backquoted(name)}" for name, kind in plain.items())
    location = f"'connector' = 'filesystem', 'path' = '{path}', 'format' = 'json'"
    return [
        f"CREATE TABLE {backquoted(f'raw_{table.name}')} ({raw}) WITH ({location})",
        f"CREATE TEMPORARY VIEW {backquoted(table.name)} AS "
        f"SELECT `__row`, {typed} FROM {backquoted(f'raw_{table.name}')}",
    ]


def _read(name: str, kind: str) -> str:
    return str(read_field(exp.column(name, quoted=True), kind).sql(Flink, identify=True))


def _query(part: Iterable[Case]) -> str:
    chosen = [
        f"CAST({sql_of(accepted()[case])} AS STRING) AS c{at}" for at, case in enumerate(part)
    ]
    (table,) = {case.rows for case in part}
    return f"SELECT `__row`, {', '.join(chosen)} FROM {backquoted(table)}"


def _value(text: str | None, kind: str) -> Any:
    """Read what Flink writes of a value; its times are numbers already."""
    if text is None:
        return None
    match family_of(kind):
        case "integer" | "timestamp":
            return int(text)
        case "float":
            return float(text)
        case "decimal":
            return Decimal(text)
        case "boolean":
            return {"TRUE": True, "FALSE": False}[text]
        case "date":
            return (date.fromisoformat(text) - date(1970, 1, 1)).days
    return text
