"""Pass: translate and type the columns of each source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tilewright.source import EventSource
from tilewright.suggestions import nearest

from ..draft import BoundSource, Draft
from ..expressions.binder import Binder, Typed
from ..expressions.parsing import ExpressionError, shown
from ..expressions.selects import only, told, written_of
from ..frontend.column_types import spark_type
from ..frontend.diagnostics import shown_path
from ..frontend.names import is_word, unusable
from ..frontend.schemas import Schema, SchemaError, read_schema
from ..plan.types import family

#: DuckDB's epoch_ms rounds to the nearest millisecond, and a time must not move into the next tile.
_TIMES = {
    "integer": "CAST({} AS BIGINT)",
    "timestamp": "epoch_us({}) // 1000",
    "date": "epoch_us(CAST({} AS TIMESTAMP)) // 1000",
}


def bind_columns(draft: Draft) -> None:
    """Fill the draft's sources.

    `select(amount="price * quantity")` over double and bigint gives `"price" * "quantity"` of type
    DOUBLE.
    """
    wanted = _wanted(draft)
    sources = list(draft.group_by.sources or ())
    for name, source in zip(_source_names(draft, sources), sources, strict=True):
        if source.problems or source.query is None or source.query.problems:
            continue  # reported as a broken declaration
        if (bound := _bind_source(draft, name, source, wanted)) is not None:
            draft.sources.append(bound)


def bind_ahead(binder: Binder, sources: Iterable[EventSource]) -> None:
    """Bind what sources of one schema select, all together.

    What is wrong is found when each GroupBy is compiled.
    """
    alike: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, None]] = {}
    for source in {id(source): source for source in sources}.values():
        query = source.query
        if source.problems or not source.columns or query is None or query.problems:
            continue
        if query.selects is None:
            continue
        types = read_schema(source, None).types
        texts = alike.setdefault((query.dialect, tuple(types.items())), {})
        written = written_of(source, types)
        texts |= dict.fromkeys(_texts(source, written.values()))
    for (dialect, columns), together in alike.items():
        binder.bind_together(together, dialect, dict(columns))


def _texts(source: EventSource, selected: Iterable[str]) -> list[str]:
    """List the expressions of a source, its columns' first."""
    query = source.query
    texts = [*selected, *query.wheres, query.time_column, source.event_id]
    return [text for text in texts if text]


def _wanted(draft: Draft) -> list[str]:
    """List keys and the columns that features read, once each."""
    keys = list(draft.group_by.keys or ())
    for key in dict.fromkeys(keys):
        if keys.count(key) > 1:
            what = f"the key {key!r} is named twice. Name it once."
            draft.report("TW006", draft.group_by.site, what)
    return list(dict.fromkeys([*keys, *draft.feature_columns]))


def _source_names(draft: Draft, sources: list[EventSource]) -> list[str]:
    names: list[str] = []
    for number, source in enumerate(sources, 1):
        name = source.name
        if name is None:
            name = draft.variables.get(id(source), f"source_{number}")
        if not is_word(name):
            what = (
                f"the source name {name!r} is not a word. Use letters, digits and '_', such as "
                "'click_events'."
            )
            draft.report("TW007", source.site, what)
        if name in names:
            what = f"two sources have the name {name!r}. Give each its own EventSource(name=…)."
            draft.report("TW006", draft.group_by.site, what)
        names.append(name)
    return names


@dataclass(frozen=True)
class _Parts:
    """What a source's expressions became; reported ones are None."""

    selects: dict[str, Typed]
    wheres: list[Typed | None]
    time: Typed | None
    event_id: Typed | None

    @property
    def used(self) -> set[str]:
        """The columns of the source that they read."""
        used: set[str] = set()
        for part in (*self.selects.values(), *self.wheres, self.time, self.event_id):
            if part is not None:
                used.update(part.columns)
        return used


def _bind_source(
    draft: Draft, name: str, source: EventSource, wanted: list[str]
) -> BoundSource | None:
    before = len(draft.diagnostics)
    try:
        schema = read_schema(source, draft.base_dir)
    except SchemaError as error:
        draft.report("TW022", source.site, str(error))
        return None
    for code, message in schema.wrong:
        draft.report(code, source.site, message)
    written = written_of(source, schema.types)
    _check_names(draft, source, schema, written, wanted)
    parts = _bind_parts(draft, source, schema, written, wanted)
    time_sql = _time(draft, source, parts.time) if parts.time is not None else ""
    if any(d.severity == "error" for d in draft.diagnostics[before:]):
        return None
    # Of a file only what is used is taken. What an author declares is all taken: stored tiles are
    # known by it.
    taken = schema.types if source.columns is not None else only(schema.types, parts.used)
    return BoundSource(
        name=name,
        source=source,
        schema=taken,
        columns=list(only(schema.types, parts.used)),
        selects={column: part.sql for column, part in parts.selects.items()},
        wheres=[where.sql for where in parts.wheres if where is not None],
        time=time_sql,
        types={column: part.type for column, part in parts.selects.items()},
        written=told(source, written, taken),
        event_id=None if parts.event_id is None else parts.event_id.sql,
    )


def _bind_parts(
    draft: Draft, source: EventSource, schema: Schema, written: dict[str, str], wanted: list[str]
) -> _Parts:
    """Bind what the author wrote, even what no feature uses."""
    query = source.query
    columns = [column for column in query.selects or wanted if column in written]
    selected = [written[column] for column in columns]
    draft.binder.bind_together(_texts(source, selected), query.dialect, schema.types)
    bound: dict[str, Typed] = {}
    for column in columns:
        typed = _bind(draft, source, schema, written[column], column)
        if typed is not None:
            bound[column] = typed
    wheres = [_where(draft, source, schema, where) for where in query.wheres]
    time = _bind(draft, source, schema, query.time_column, None)
    event_id = None
    if source.event_id is not None:
        event_id = _event_id(draft, source, schema, source.event_id)
    selects = {name: bound[name] for name in wanted if name in bound}
    return _Parts(selects, wheres, time, event_id)


def _check_names(
    draft: Draft,
    source: EventSource,
    schema: Schema,
    written: dict[str, str],
    wanted: list[str],
) -> None:
    folded: dict[str, str] = {}
    for column in written if source.query.selects is not None else ():
        if why := unusable(column):
            draft.report("TW007", source.query.site, f"the column name {column!r} {why}.")
        if (other := folded.setdefault(column.casefold(), column)) != column:
            what = (
                f"the columns {other!r} and {column!r} differ in case only, which SQL does not "
                "see. Rename one."
            )
            draft.report("TW006", source.query.site, what)
    for name in wanted:
        if name not in written:
            location = f"{shown_path(source.site.file)}:{source.site.line}"
            users = [f.aggregation for f in draft.features if name in f.columns]
            role, site = "key", draft.group_by.site
            if name not in (draft.group_by.keys or ()):
                role, site = (
                    "input column" if users[0].input_column == name else "bucket column",
                    users[0].site,
                )
            lacks = schema.lacks(name) if source.query.selects is None else ""
            what = (
                f"the {role} {name!r} is not selected by the source at {location}. "
                f"{nearest(name, written)}{lacks}"
            )
            draft.report("TW020", site, what)


def _bind(
    draft: Draft, source: EventSource, schema: Schema, text: str, name: str | None
) -> Typed | None:
    try:
        if text == "" and name is not None and source.query.selects is None:
            return draft.binder.column(name, schema.types)
        return draft.binder.bind(text, source.query.dialect, schema.types)
    except ExpressionError as error:
        if error.code:
            # A dialect that does not exist is one mistake, however many columns there are.
            where = f"the column {name!r}: " if name and error.code != "TW010" else ""
            lacks = schema.lacks(text) if error.code == "TW020" else ""
            draft.report(error.code, source.query.site, f"{where}{error}{lacks}")
    return None


def _where(draft: Draft, source: EventSource, schema: Schema, text: str) -> Typed | None:
    condition = _bind(draft, source, schema, text, None)
    if condition is not None and condition.type != "BOOLEAN":
        what = (
            f"the where {shown(text)} is {spark_type(condition.type)}, not true or false. "
            "Write a comparison."
        )
        draft.report("TW026", source.query.site, what)
    return condition


def _event_id(draft: Draft, source: EventSource, schema: Schema, text: str) -> Typed | None:
    event_id = _bind(draft, source, schema, text, None)
    if event_id is not None and family(event_id.type) is None:
        what = (
            f"the event_id {shown(text)} is {spark_type(event_id.type)}. Give one plain value, as "
            "in concat_ws('/', partition, offset)."
        )
        draft.report("TW026", source.site, what)
    return event_id


def _time(draft: Draft, source: EventSource, time: Typed) -> str:
    if time.type.startswith("TIMESTAMP_"):
        return _TIMES["date"].format(time.sql)
    if (template := _TIMES.get(family(time.type) or "")) is not None:
        return template.format(time.sql)
    what = f"the time column {shown(source.query.time_column)} is {spark_type(time.type)}."
    advice = "Give a timestamp, a date, or a bigint of epoch milliseconds."
    if time.type == "VARCHAR":
        advice += " to_timestamp(…, 'MM/dd/yyyy') reads a text."
    draft.report("TW026", source.query.site, f"{what} {advice}")
    return ""
