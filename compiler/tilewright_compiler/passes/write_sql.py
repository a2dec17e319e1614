"""Pass: the SQL that turns a batch of raw rows into rows of tiles, for DuckDB."""

from __future__ import annotations

from ..binder import literal, quoted
from ..draft import Bound, Draft
from ..plan import Column
from ..states import STATE_KINDS, family

#: Types that a cast would round to, so that 2.5 became 2 in silence.
_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT"}

#: Years that an answer can show; DuckDB has others too, and infinite days.
_CALENDARS = {
    "date": "DATE '0001-01-01' AND DATE '9999-12-31'",
    "timestamp": "TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'",
}

#: Most often the value is a number of seconds or milliseconds, which a timestamp column does not take.
_EPOCH_HINT = " (a number? declare the column bigint, in milliseconds, not seconds)"


def write_sql(draft: Draft) -> None:
    """Give each source a script of two statements: the first reads a batch, the second makes the tiles of one level."""
    for bound in draft.sources:
        draft.sql[bound.name] = {"duckdb": f"{_events(draft, bound)};\n\n{_tiles(draft)};\n"}


def _events(draft: Draft, bound: Bound) -> str:
    columns = _columns(draft)
    typed = [f"batch.{quoted('__row')}", *(_typed(bound, column) for column in bound.columns)]
    selected = [quoted("__row"), quoted("__reason"), f"TRY({bound.time}) AS {quoted('__ts')}"]
    selected += [f"{_guarded(bound, column.name, column.type)} AS {quoted(column.name)}" for column in columns]
    kept = [quoted("__row"), quoted("__ts"), *(quoted(column.name) for column in columns)]
    where = " AND ".join(f"TRY(({condition}))" for condition in bound.wheres)
    return "\n".join(
        [
            "-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute keys, time and inputs.",
            "CREATE OR REPLACE TEMP TABLE events AS",
            "WITH typed AS (",
            "  -- A value that does not fit its type is refused with a reason, not turned into null in silence.",
            f"  SELECT\n    {_list(typed)},\n    {_refusals(bound)} AS {quoted('__reason')}",
            "  FROM batch",
            "), selected AS (",
            f"  SELECT\n    {_list(selected)}",
            "  FROM typed",
            *([f"  WHERE {quoted('__reason')} IS NOT NULL OR ({where})"] if where else []),
            ")",
            f"SELECT\n  {', '.join(kept)},\n  {_reasons(draft)} AS {quoted('__reason')}",
            "FROM selected",
        ]
    )


def _columns(draft: Draft) -> list[Column]:
    keys = {key.name for key in draft.keys}
    return [*draft.keys, *(Column(name=name, type=kind) for name, kind in draft.inputs.items() if name not in keys)]


def _list(parts: list[str]) -> str:
    return ",\n    ".join(parts)


def _typed(bound: Bound, column: str) -> str:
    return f"TRY_CAST(batch.{quoted(column)} AS {bound.schema[column]}) AS {quoted(column)}"


def _refusals(bound: Bound) -> str:
    cases = []
    for column in bound.columns:
        kind = bound.schema[column]
        if kind == "VARCHAR":
            continue  # everything can be read as text
        name = f"batch.{quoted(column)}"
        broken = f"{name} IS NOT NULL AND TRY_CAST({name} AS {kind}) IS NULL"
        if kind in _WHOLE:
            broken += f" OR TRY_CAST({name} AS DOUBLE) <> TRY_CAST({name} AS {kind})"
        if (calendar := _CALENDARS.get(family(kind) or "")) is not None:
            broken += f" OR TRY_CAST({name} AS {kind}) NOT BETWEEN {calendar}"
        hint = _EPOCH_HINT if family(kind) == "timestamp" else ""
        cases.append(f"WHEN {broken} THEN {literal(f'{column} is not {_a(bound.shown_types[column])}{hint}')}")
    return "CASE\n      " + "\n      ".join(cases) + "\n    END" if cases else "CAST(NULL AS VARCHAR)"


def _a(kind: str) -> str:
    return f"{'an' if kind[:1].lower() in ('i', 'u') else 'a'} {kind}"


def _guarded(bound: Bound, column: str, kind: str) -> str:
    """The value of a select: null where it cannot be computed, and of the type that all sources share."""
    sql, own = bound.selects[column], bound.types[column]
    value = sql
    if sql not in map(quoted, bound.columns):
        value = f"TRY({sql})"
        if (calendar := _CALENDARS.get(family(own) or "")) is not None:
            value = f"CASE WHEN {value} BETWEEN {calendar} THEN {value} END"
    return value if own == kind else f"CAST({value} AS {kind})"


def _reasons(draft: Draft) -> str:
    ts = quoted("__ts")
    cases = [f"WHEN {quoted('__reason')} IS NOT NULL THEN {quoted('__reason')}"]
    for key in draft.keys:
        cases.append(f"WHEN {quoted(key.name)} IS NULL THEN {literal(f'key {key.name} is null')}")
        if family(key.type) == "float":
            cases.append(f"WHEN isnan({quoted(key.name)}) THEN {literal(f'key {key.name} is not a number')}")
    outside = "time is outside 1971-2099"
    # 1971 and 2100 in milliseconds, and the same read as another unit.
    for low, high, hint in (
        (31_536_000, 4_102_444_800, f"{outside}: seconds? times are milliseconds"),
        (31_536_000_000_000, 4_102_444_800_000_000, f"{outside}: microseconds? times are milliseconds"),
        (31_536_000_000_000_000, 4_102_444_800_000_000_000, f"{outside}: nanoseconds? times are milliseconds"),
    ):
        cases.append(f"WHEN {ts} >= {low} AND {ts} < {high} THEN {literal(hint)}")
    cases.insert(len(cases) - 3, f"WHEN {ts} IS NULL THEN 'time is null'")
    cases.append(f"WHEN {ts} < 31536000000 OR {ts} >= 4102444800000 THEN {literal(outside)}")
    return "CASE\n    " + "\n    ".join(cases) + "\n  END"


def _one_zero(key: Column) -> str:
    # -0.0 equals 0.0 but has other bytes, and the key of a tile is made of bytes.
    return f"CASE WHEN {quoted(key.name)} = 0 THEN 0 ELSE {quoted(key.name)} END" if family(key.type) == "float" else quoted(key.name)


def _tiles(draft: Draft) -> str:
    start = f"{quoted('__ts')} - ({quoted('__ts')} % $tile_ms + $tile_ms) % $tile_ms"
    columns = [f"CAST({_one_zero(key)} AS {key.type}) AS {quoted(f'key:{key.name}')}" for key in draft.keys]
    columns += [f"{start} AS {quoted('__start')}", f"count(*) AS {quoted('__events')}", f"max({quoted('__ts')}) AS {quoted('__newest')}"]
    for state in draft.states:
        for field in STATE_KINDS[state.kind](quoted(state.input), state.type):
            if field.sql is not None:
                columns.append(f"{field.sql} AS {quoted(f'{state.id}.{field.name}')}")
    return "\n".join(
        [
            "-- 2. The states of every key in every tile of one level; $tile_ms is the level's size.",
            "SELECT",
            "  " + ",\n  ".join(columns),
            "FROM events",
            f"WHERE {quoted('__reason')} IS NULL",
            "GROUP BY ALL",
        ]
    )
