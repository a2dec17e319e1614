"""The author's expressions on Flink itself: each has the value that it has in Spark, or is
refused.
"""

from __future__ import annotations

import json
import math
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlglot import exp

from support.expressions import LINES, ROW
from support.flink import PATHS, python
from support.process import environment
from tilewright_compiler.expressions.binder import Binder
from tilewright_compiler.expressions.flink.casts import read
from tilewright_compiler.expressions.flink.expressions import Translated, to_flink
from tilewright_compiler.plan.model import Column, Source
from tilewright_compiler.quoting import backquoted
from tilewright_compiler.sql.flink import Flink
from tilewright_compiler.sql.tree import NotTranslatable

#: Columns of plain values; a stream of JSON has no others.
COLUMNS = {
    name: kind
    for name, (kind, _) in ROW.items()
    if not kind.endswith((")[]", "[]")) and not kind.startswith("MAP")
}
EVENT = {
    name: None if value == "NULL" else value.removeprefix("'").removesuffix("'")
    for name, (_, value) in ROW.items()
    if name in COLUMNS
}
SOURCE = Source(
    name="row",
    table=None,
    topic=None,
    dialect="spark",
    schema=[Column(name=name, type=kind) for name, kind in COLUMNS.items()],
    selects={},
    wheres=[],
    time_column="i",
)
#: One query of a hundred columns makes more code than a Java method takes.
AT_ONCE = 20


def translated() -> dict[str, tuple[Translated, str]]:
    """expression -> its Flink SQL and the value that Spark gives, of those that are not refused."""
    binder, found = Binder(), {}
    for line in LINES:
        expression, _, value = line.partition(" => ")
        try:
            found[expression] = to_flink(expression, SOURCE, binder), value
        except NotTranslatable:
            continue
    return found


def values(expressions: list[Translated], folder: Path) -> list[str | None]:
    """What Flink gives for each over one row, as text."""
    (folder / "row.json").write_text(json.dumps(EVENT) + "\n", encoding="utf-8")
    raw = ", ".join(f"{backquoted(name)} STRING" for name in COLUMNS)
    typed = ", ".join(
        f"{read(exp.column(name, quoted=True), kind).sql(Flink, identify=True)} AS "
        f"{backquoted(name)}"
        for name, kind in COLUMNS.items()
    )
    ddl = [
        (
            f"CREATE TABLE raw_row ({raw}) WITH ('connector' = 'filesystem', 'path' = "
            f"'{folder / 'row.json'}', 'format' = 'json')"
        ),
        f"CREATE TEMPORARY VIEW typed AS SELECT {typed} FROM raw_row",
    ]
    parts = [expressions[at : at + AT_ONCE] for at in range(0, len(expressions), AT_ONCE)]
    queries = [
        "SELECT "
        + ", ".join(f"CAST({one.sql} AS STRING) AS c{i}" for i, one in enumerate(part))
        + " FROM typed"
        for part in parts
    ]
    program = Path(__file__).with_name("programs") / "values.py"
    ran = subprocess.run(
        [python(), str(program)],
        input=json.dumps({"ddl": ddl, "queries": queries}),
        capture_output=True,
        text=True,
        check=False,
        env=environment(JVM_ARGS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", PYTHONPATH=PATHS),
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return [value for row in json.loads(ran.stdout.splitlines()[-1]) for value in row]


def shown(value: str | None, kind: str) -> str:
    """A value of Flink's as DuckDB writes it."""
    if value is None:
        return "NULL"
    if kind == "BOOLEAN":
        return value.lower()
    if kind.startswith("TIMESTAMP"):
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(value))
        return f"{moment:%Y-%m-%d %H:%M:%S.%f}".rstrip("0").rstrip(".") + "+00" * (
            "TIME ZONE" in kind
        )
    return value


def same(found: str, wanted: str) -> bool:
    """Whether two texts are of one value."""
    try:
        one, other = float(found), float(wanted)
    except ValueError:
        return found == wanted
    return one == other or (math.isnan(one) and math.isnan(other))


def test_values_are_those_of_spark(tmp_path: Path) -> None:
    """Every expression of the table that is not refused has the value of Spark, and no more than
    half are refused.
    """
    asked = translated()
    found = values([expression for expression, _ in asked.values()], tmp_path)
    assert len(asked) >= 120
    wrong = {
        text: (shown(value, expression.type), wanted)
        for (text, (expression, wanted)), value in zip(asked.items(), found, strict=True)
        if not same(shown(value, expression.type), wanted)
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("greatest(i, n)", "greatest"),
        ("round(d, 1)", "round"),
        ("cast(d as decimal(10,1))", "a cast of double to varchar"),
        ("s like concat('a', '%')", "LIKE with a pattern that is no text"),
        ("t + interval 1 hour", "arithmetic that gives timestamp"),
    ],
)
def test_what_flink_computes_in_another_way_is_refused(expression: str, said: str) -> None:
    """An expression without a certain translation is named, with what to do."""
    with pytest.raises(NotTranslatable, match=said):
        to_flink(expression, SOURCE, Binder())
