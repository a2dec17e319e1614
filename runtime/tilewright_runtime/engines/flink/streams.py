"""Tables of Flink jobs, made through a stream.

Where PyFlink offers no way, Flink's Java is called.
"""

from __future__ import annotations

from typing import Any

from tilewright_compiler.quoting import backquoted

_MINI_BATCH = "table.exec.mini-batch.enabled"
_ENTITY, _EVENT_TIME, _TIME = "__entity", "__event_time", "__time"


def by_way_of_a_stream(environment: Any, name: str) -> None:
    """Make a table of a view, through a stream.

    job.sql says why. The table `{name}` is made of the view `{name} before the stream`. The column
    `__event_time` becomes `__time` with the source's watermark; rows are distributed by `__entity`.
    """
    view = environment.from_path(backquoted(f"{name} before the stream"))._j_table
    if _ENTITY in view.getResolvedSchema().getColumnNames():
        _distributed(environment, view, name)
    else:
        _handed_through(environment, view, name)


def as_it_is(environment: Any, name: str) -> None:
    """Make the same table without a stream.

    A job that reads everything before it puts anything needs none.
    """
    view = backquoted(f"{name} before the stream")
    columns = environment.from_path(view).get_schema().get_field_names()
    time = f", {backquoted(_EVENT_TIME)} AS {backquoted(_TIME)}" if _EVENT_TIME in columns else ""
    environment.execute_sql(
        f"CREATE TEMPORARY VIEW {backquoted(name)} AS SELECT *{time} FROM {view}"
    )


def _handed_through(environment: Any, view: Any, name: str) -> None:
    """Hand rows on in the form that tables have inside.

    Converting them to Python's rows and back costs as much as reading them.
    """
    flink, settings = _java().org.apache.flink, environment.get_config()
    inner = _java_class("org.apache.flink.table.data.RowData")
    settings.set(_MINI_BATCH, "false")
    stream = environment._j_tenv.toDataStream(
        view, view.getResolvedSchema().toSourceRowDataType().notNull().bridgedTo(inner)
    )
    settings.set(_MINI_BATCH, "true")
    schema = flink.table.api.Schema.newBuilder()
    if _EVENT_TIME in view.getResolvedSchema().getColumnNames():
        schema = schema.columnByMetadata(_TIME, "TIMESTAMP_LTZ(3)", "rowtime", True).watermark(
            _TIME, "SOURCE_WATERMARK()"
        )
    environment._j_tenv.createTemporaryView(backquoted(name), stream, schema.build())


def _distributed(environment: Any, view: Any, name: str) -> None:
    """Keep each tile's newest row, and distribute by entity.

    A row arrives whenever its tile has changed. All tiles of an entity go to one instance.
    """
    flink = _java().org.apache.flink
    schema, key = flink.table.api.Schema.newBuilder(), []
    for column in view.getResolvedSchema().getColumns():
        name_of_column, type_of_column = column.getName(), column.getDataType()
        if name_of_column.startswith("key:") or name_of_column == "__start":
            key.append(name_of_column)
            type_of_column = type_of_column.notNull()
        schema = schema.column(name_of_column, type_of_column)
    upsert = flink.table.connector.ChangelogMode.upsert()
    stream = environment._j_tenv.toChangelogStream(
        view, schema.primaryKey(_array(_java().String, key)).build(), upsert
    )
    # This selector takes the first column of a row; PyFlink has it for streams of its own.
    selector = (
        _java_class("org.apache.flink.streaming.api.functions.python.KeyByKeySelector")
        .getConstructor(None)
        .newInstance(None)
    )
    types = flink.api.common.typeinfo
    by_entity = stream.keyBy(
        selector, types.Types.ROW(_array(types.TypeInformation, [types.Types.STRING]))
    )
    # A changelog of all kinds of changes needs no key. An upserted one would be kept once more.
    plain = flink.table.api.Schema.newBuilder().build()
    every = flink.table.connector.ChangelogMode.all()
    environment._j_tenv.createTemporaryView(
        backquoted(name), environment._j_tenv.fromChangelogStream(by_entity, plain, every)
    )


def _java() -> Any:
    from pyflink.java_gateway import get_gateway

    return get_gateway().jvm


def _java_class(name: str) -> Any:
    java = _java().java.lang
    return java.Class.forName(name, True, java.Thread.currentThread().getContextClassLoader())


def _array(kind: Any, values: list[Any]) -> Any:
    from pyflink.java_gateway import get_gateway

    array = get_gateway().new_array(kind, len(values))
    for i, value in enumerate(values):
        array[i] = value
    return array
