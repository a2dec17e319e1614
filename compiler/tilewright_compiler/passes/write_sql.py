"""Pass: the SQL that turns a batch of raw rows into rows of tiles, for DuckDB."""

from __future__ import annotations

from ..draft import BoundSource, Draft
from ..frontend.column_types import spark_type
from ..plan.model import BucketLayout, Column, EventLog, State
from ..plan.types import element, family, stored
from ..quoting import literal, quoted
from ..states import fields_of

#: Types that a cast would round to, so that 2.5 became 2 in silence.
_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT"}

#: Years that an answer can show; DuckDB has others too, and infinite days.
_CALENDARS = {
    "date": "DATE '0001-01-01' AND DATE '9999-12-31'",
    "timestamp": "TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'",
}

#: Most often the value is a number of seconds or milliseconds, which a timestamp column does not
#: take.
_EPOCH_HINT = " (a number? declare the column bigint, in milliseconds, not seconds)"


def write_sql(draft: Draft) -> None:
    """Give each source its script: a statement that reads a batch, those that make the tiles of a
    level, one that gives raw events.

    Of a level there is one for the tiles, and one more for each bucket column makes what those keep
    for each of its values; none of them without tiles. The last is there if raw events are kept.
    """
    assert draft.tile_layout is not None  # laid out before
    level = [
        _tiles(draft),
        *(_buckets(draft, bucket, 3 + i) for i, bucket in enumerate(draft.tile_layout.buckets)),
    ]
    common = level if draft.levels else []
    if draft.events is not None:
        common.append(_raw(draft, draft.events, len(common) + 2))
    for bound in draft.sources:
        draft.sql[bound.name] = {
            "duckdb": "\n\n".join(f"{statement};" for statement in [_events(draft, bound), *common])
            + "\n"
        }


def _events(draft: Draft, bound: BoundSource) -> str:
    columns = _columns(draft)
    typed = [f"batch.{quoted('__row')}", *(_typed(bound, column) for column in bound.columns)]
    selected = [quoted("__row"), quoted("__reason"), f"TRY({bound.time}) AS {quoted('__ts')}"]
    selected += [
        f"{_guarded(bound, column.name, column.type)} AS {quoted(column.name)}"
        for column in columns
    ]
    kept = [quoted("__row"), quoted("__ts"), *(quoted(column.name) for column in columns)]
    where = " AND ".join(f"TRY(({condition}))" for condition in bound.wheres)
    return "\n".join(
        [
            (
                "-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres "
                "keep, and compute keys, time and inputs."
            ),
            "CREATE OR REPLACE TEMP TABLE events AS",
            *_head(bound),
            (
                "  -- A value that does not fit its type is refused with a reason, not turned into "
                "null in silence."
            ),
            f"  SELECT\n    {_list(typed)},\n    {_refusals(bound)} AS {quoted('__reason')}",
            f"  FROM {'lists AS ' if _lists(bound) else ''}batch",
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
    return [
        *draft.keys,
        *(Column(name=name, type=kind) for name, kind in draft.columns.items() if name not in keys),
    ]


def _list(parts: list[str]) -> str:
    return ",\n    ".join(parts)


def _lists(bound: BoundSource) -> list[str]:
    return [column for column in bound.columns if bound.schema[column].endswith("[]")]


def _head(bound: BoundSource) -> list[str]:
    """How the statement begins: where the source has lists, with their elements as texts and as
    their type.
    """
    if not (columns := _lists(bound)):
        return ["WITH typed AS ("]
    read = []
    for column in columns:
        name, kind = quoted(column), bound.schema[column]
        text = f"CAST({name} AS VARCHAR)"
        # DuckDB's JSON makes doubles of fractions; its own reader of lists keeps every digit, but
        # not JSON's escapes.
        is_exact = family(element(kind)) == "decimal"
        elements = (
            f"TRY_CAST({text} AS VARCHAR[])" if is_exact else f"json_extract_string({text}, '$[*]')"
        )
        elements = f"CASE WHEN TRY(json_type({text})) = 'ARRAY' THEN {elements} END"
        read.append(
            f"CASE WHEN typeof({name}) = 'VARCHAR' THEN {elements} ELSE TRY_CAST({name} AS "
            f"VARCHAR[]) END AS {_texts(column)}"
        )
        read.append(f"{_of_either(name, column, kind)} AS {_values(column)}")
    return [
        "WITH lists AS (",
        (
            "  -- A list comes as such, or in a text as JSON; what its elements "
            "cannot be cast to is "
            "null among its values."
        ),
        f"  SELECT\n    *,\n    {_list(read)}",
        "  FROM batch",
        "), typed AS (",
    ]


def _texts(column: str) -> str:
    return quoted(f"__texts:{column}")


def _values(column: str) -> str:
    return quoted(f"__values:{column}")


def _of_either(name: str, column: str, kind: str) -> str:
    return (
        f"CASE WHEN typeof({name}) = 'VARCHAR' THEN TRY_CAST({_texts(column)} AS {kind}) ELSE "
        f"TRY_CAST({name} AS {kind}) END"
    )


def _typed(bound: BoundSource, column: str) -> str:
    return f"{_cast(bound, column)} AS {quoted(column)}"


def _cast(bound: BoundSource, column: str) -> str:
    """The value of a column of the batch, null where it does not fit its type."""
    kind = bound.schema[column]
    return _values(column) if kind.endswith("[]") else f"TRY_CAST(batch.{quoted(column)} AS {kind})"


def _refusals(bound: BoundSource) -> str:
    cases = []
    for column in bound.columns:
        kind = bound.schema[column]
        if kind == "VARCHAR":
            continue  # everything can be read as text
        name, value, is_list = f"batch.{quoted(column)}", _cast(bound, column), kind.endswith("[]")
        broken = f"{name} IS NOT NULL AND {value} IS NULL"
        if is_list:
            broken += (
                f" OR typeof({name}) <> {literal(kind)} AND list_count({value}) < "
                f"list_count({_texts(column)})"
            )
        if element(kind) in _WHOLE:
            exact = (
                _of_either(name, column, "DOUBLE[]") if is_list else f"TRY_CAST({name} AS DOUBLE)"
            )
            broken += f" OR {exact} <> {value}"
        if (calendar := _CALENDARS.get(family(element(kind)) or "")) is not None:
            outside = f"NOT BETWEEN {calendar}"
            broken += (
                f" OR len(list_filter({value}, lambda x: x {outside})) > 0"
                if is_list
                else f" OR {value} {outside}"
            )
        hint = _EPOCH_HINT if family(kind) == "timestamp" else ""
        cases.append(
            f"WHEN {broken} THEN {literal(f'{column} is not {_a(spark_type(kind))}{hint}')}"
        )
    return (
        "CASE\n      " + "\n      ".join(cases) + "\n    END" if cases else "CAST(NULL AS VARCHAR)"
    )


def _a(kind: str) -> str:
    return f"{'an' if kind[:1].lower() in ('a', 'i', 'u') else 'a'} {kind}"


def _guarded(bound: BoundSource, column: str, kind: str) -> str:
    """The value of a select: null where it cannot be computed, and of the type that all sources
    share.
    """
    sql, own = bound.selects[column], bound.types[column]
    value = sql
    if sql not in map(quoted, bound.columns):
        value = f"TRY({sql})"
        if (calendar := _CALENDARS.get(family(element(own)) or "")) is not None:
            within = f"CASE WHEN {{0}} BETWEEN {calendar} THEN {{0}} END"
            value = (
                f"list_transform({value}, lambda x: {within.format('x')})"
                if own.endswith("[]")
                else within.format(value)
            )
    return value if own == kind else f"CAST({value} AS {kind})"


def _reasons(draft: Draft) -> str:
    ts = quoted("__ts")
    cases = [f"WHEN {quoted('__reason')} IS NOT NULL THEN {quoted('__reason')}"]
    for key in draft.keys:
        cases.append(f"WHEN {quoted(key.name)} IS NULL THEN {literal(f'key {key.name} is null')}")
        if family(key.type) == "float":
            cases.append(
                f"WHEN isnan({quoted(key.name)}) THEN {literal(f'key {key.name} is not a number')}"
            )
    outside = "time is outside 1971-2099"
    # 1971 and 2100 in milliseconds, and the same read as another unit.
    for low, high, hint in (
        (31_536_000, 4_102_444_800, f"{outside}: seconds? times are milliseconds"),
        (
            31_536_000_000_000,
            4_102_444_800_000_000,
            f"{outside}: microseconds? times are milliseconds",
        ),
        (
            31_536_000_000_000_000,
            4_102_444_800_000_000_000,
            f"{outside}: nanoseconds? times are milliseconds",
        ),
    ):
        cases.append(f"WHEN {ts} >= {low} AND {ts} < {high} THEN {literal(hint)}")
    cases.insert(len(cases) - 3, f"WHEN {ts} IS NULL THEN 'time is null'")
    cases.append(f"WHEN {ts} < 31536000000 OR {ts} >= 4102444800000 THEN {literal(outside)}")
    return "CASE\n    " + "\n    ".join(cases) + "\n  END"


def _one_zero(column: str, kind: str) -> str:
    # -0.0 equals 0.0 but has other bytes, and keys and buckets are told apart by their bytes.
    return f"CASE WHEN {column} = 0 THEN 0 ELSE {column} END" if family(kind) == "float" else column


def _tiles(draft: Draft) -> str:
    states = [state for state in draft.states if state.bucket is None]
    flat = _flat(draft, states, [f"true AS {quoted('__event')}"], [f"false AS {quoted('__event')}"])
    events = f" FILTER (WHERE {quoted('__event')})" if flat else ""
    columns = [
        f"count(*){events} AS {quoted('__events')}",
        f"max({quoted('__ts')}){events} AS {quoted('__newest')}",
    ]
    return "\n".join(
        [
            (
                "-- 2. The states of every key in every tile of one level; $tile_ms is the level's "
                "size."
            ),
            *flat,
            _select([*_place(draft, bool(flat)), *columns, *_states(states)]),
            *(["FROM flat"] if flat else ["FROM events", f"WHERE {quoted('__reason')} IS NULL"]),
            "GROUP BY ALL",
        ]
    )


def _buckets(draft: Draft, bucket: BucketLayout, number: int) -> str:
    states = [state for state in draft.states if state.bucket == bucket.column]
    value = [f"{quoted(bucket.column)} AS {quoted('__value')}"]
    flat = _flat(draft, states, value, value)
    column = quoted("__value") if flat else quoted(bucket.column)
    inputs = " OR ".join(
        f"{quoted(name)} IS NOT NULL" for name in dict.fromkeys(state.input for state in states)
    )
    wheres = [
        *([] if flat else [f"{quoted('__reason')} IS NULL"]),
        f"{column} IS NOT NULL",
        f"({inputs})",
    ]
    value = [f"{stored(_one_zero(column, bucket.type), bucket.type)} AS {quoted('__bucket')}"]
    return "\n".join(
        [
            (
                f"-- {number}. What those tiles keep for each value of "
                f"{quoted(bucket.column)} that "
                "comes with a value of an input."
            ),
            *flat,
            _select([*_place(draft, bool(flat)), *value, *_states(states)]),
            f"FROM {'flat' if flat else 'events'}",
            f"WHERE {' AND '.join(wheres)}",
            "GROUP BY ALL",
        ]
    )


def _select(columns: list[str]) -> str:
    return "SELECT\n  " + ",\n  ".join(columns)


def _keys(draft: Draft, flat: bool) -> list[str]:
    columns = [(key, _key_beside_lists(key) if flat else quoted(key.name)) for key in draft.keys]
    return [
        f"CAST({_one_zero(column, key.type)} AS {key.type}) AS {quoted(f'key:{key.name}')}"
        for key, column in columns
    ]


def _place(draft: Draft, flat: bool) -> list[str]:
    """The keys and the tile's start."""
    return [
        *_keys(draft, flat),
        (
            f"{quoted('__ts')} - ({quoted('__ts')} % $tile_ms + $tile_ms) % $tile_ms AS "
            f"{quoted('__start')}"
        ),
    ]


def _states(states: list[State]) -> list[str]:
    fields = [(state, field) for state in states for field in fields_of(state, quoted(state.input))]
    return [
        f"{field.sql} AS {quoted(f'{state.id}.{field.name}')}"
        for state, field in fields
        if field.sql is not None
    ]


def _key_beside_lists(key: Column) -> str:
    return quoted(f"__key:{key.name}")


def _flat(
    draft: Draft, states: list[State], of_events: list[str], of_elements: list[str]
) -> list[str]:
    """Where inputs hold lists, the relation that the states are made from; nulls count for nothing
    in every state.
    """
    inputs = dict.fromkeys((state.input, state.many) for state in states)
    if not any(many for _, many in inputs):
        return []
    # A key stands under another name, since as an input it counts once an event and not once an
    # element.
    common = [
        quoted("__ts"),
        *(f"{quoted(key.name)} AS {_key_beside_lists(key)}" for key in draft.keys),
    ]
    selects = [[*of_events, *common, *(quoted(name) for name, many in inputs if not many)]]
    selects += [
        [*of_elements, *common, f"unnest({quoted(name)}) AS {quoted(name)}"]
        for name, many in inputs
        if many
    ]
    parts = [
        f"  SELECT {', '.join(select)}\n  FROM events WHERE {quoted('__reason')} IS NULL"
        for select in selects
    ]
    return [
        "WITH flat AS (",
        "  -- Each event without its lists, then each element of each list by itself.",
        "\n  UNION ALL BY NAME\n".join(parts),
        ")",
    ]


def _raw(draft: Draft, events: EventLog, number: int) -> str:
    inputs = [f"{_kept(column)} AS {quoted(column.name)}" for column in events.columns[1:]]
    return "\n".join(
        [
            (
                f"-- {number}. The raw events, their values as tiles keep them: whole numbers, "
                "doubles and texts."
            ),
            _select([*_keys(draft, flat=False), quoted("__ts"), *inputs]),
            "FROM events",
            f"WHERE {quoted('__reason')} IS NULL",
        ]
    )


def _kept(column: Column) -> str:
    """The value of an event's column as tiles keep it; of a list each element."""
    if not column.type.endswith("[]"):
        return stored(quoted(column.name), column.type)
    return f"list_transform({quoted(column.name)}, lambda x: {stored('x', element(column.type))})"
