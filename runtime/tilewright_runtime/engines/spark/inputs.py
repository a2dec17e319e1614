"""Raw rows for Spark, from history or followed."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from tilewright_compiler.plan.model import Plan, Source
from tilewright_compiler.plan.topics import Topic, parse_topic
from tilewright_compiler.quoting import backquoted

from ...errors import InputError
from ...readers.kafka.settings import java_settings, kafka_settings
from ..inputs import input_locations
from .session import first_line

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

MALFORMED = "__malformed"
_CORRUPT = "__corrupt"
_FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
_NOT_READ = {
    "json": "not valid JSON: is the line cut?",
    "csv": "has another number of fields than the header: is the line cut?",
}


def locations(plan: Plan, given: tuple[str, ...], stream: bool = False) -> dict[str, str]:
    """Map each source to the location of its events.

    The location is what `--events` says, or else the source's table; a stream reads the source's
    topic rather than its table. Raises InputError if a source does not exist or has no location.
    """
    by_source = input_locations(plan, given)
    for source in plan.sources:
        if source.name not in by_source:
            default = (source.topic if stream else None) or source.table
            if default is None:
                missing = "neither a topic nor a table" if stream else "no table"
                raise InputError(
                    f"the source {source.name} has {missing}. Say where its events are: --events "
                    f"{source.name}=PLACE."
                )
            by_source[source.name] = default
    return by_source


def read(spark: SparkSession, source: Source, place: str) -> DataFrame:
    """Read all rows of a table or of files.

    One column says what is wrong with a row as a whole. Raises InputError if there is no such
    place, or it lacks a column.
    """
    from pyspark.errors import AnalysisException

    form = _FORMATS.get(PurePath(place).suffix)
    try:
        if form is None:
            frame = spark.table(place)
        elif form == "parquet":
            frame = spark.read.parquet(place)
        else:
            frame = _text_reader(spark, form, source, place)
    except AnalysisException as error:
        raise InputError(
            f"source {source.name}: {place} cannot be read: {first_line(error)}"
        ) from None
    return _checked(frame, source, place, form)


def _text_reader(spark: SparkSession, form: str, source: Source, place: str) -> DataFrame:
    if form == "json":
        return (
            spark.read.schema(_as_texts(source.column_names))
            .options(**_OPTIONS["json"])
            .json(place)
        )
    header = spark.read.options(**_OPTIONS["csv"]).csv(place).columns
    return (
        spark.read.schema(_as_texts(header))
        .options(**_OPTIONS["csv"], enforceSchema="false")
        .csv(place)
    )


#: Every value is read as text and cast by the plan, which refuses what does not fit. A reader that
#: casts would make it null.
_OPTIONS: dict[str, dict[str, str]] = {
    "json": {
        "mode": "PERMISSIVE",
        "columnNameOfCorruptRecord": _CORRUPT,
        "primitivesAsString": "true",
    },
    "csv": {
        "mode": "PERMISSIVE",
        "columnNameOfCorruptRecord": _CORRUPT,
        "header": "true",
        "escape": '"',
        "multiLine": "true",
    },
    "parquet": {},
}


def _as_texts(names: list[str]) -> StructType:
    from pyspark.sql.types import StringType, StructField, StructType

    return StructType([StructField(name, StringType()) for name in [*names, _CORRUPT]])


def _checked(frame: DataFrame, source: Source, place: str, form: str | None) -> DataFrame:
    from pyspark.sql import functions as f

    missing = [repr(column.name) for column in source.columns if column.name not in frame.columns]
    if missing:
        present = [repr(name) for name in frame.columns if name != _CORRUPT]
        raise InputError(
            f"source {source.name}: {place} lacks the column{'s' * (len(missing) > 1)} "
            f"{', '.join(missing)}. It has {', '.join(present)}."
        )
    corrupt = f.col(_CORRUPT) if _CORRUPT in frame.columns else f.lit(None).cast("string")
    malformed = f.when(corrupt.isNotNull(), f.lit(_NOT_READ.get(form or "", "")))
    columns = [f.col(backquoted(column.name)) for column in source.columns]
    return frame.select(*columns, malformed.alias(MALFORMED))


def follow(spark: SparkSession, source: Source, place: str) -> DataFrame:
    """Follow a topic, or a folder's new files.

    The columns are those that `read` gives. Raises InputError if the format of the files is not
    known, or they lack a column.
    """
    if (topic := parse_topic(place)) is not None:
        return _checked(_objects(spark, source, topic), source, place, "json")
    form = _FORMATS.get(PurePath(place).suffix)
    if form is None:
        endings = ", ".join(_FORMATS)
        raise InputError(
            f"source {source.name}: {place}: a stream is kafka://HOST:PORT/TOPIC, or a glob of "
            f"files that end in {endings}, such as clicks/*.jsonl."
        )
    names = source.column_names
    reader = spark.readStream.options(**_OPTIONS[form])
    if form == "json":
        frame = reader.schema(_as_texts(names)).json(place)
    else:
        # Files to come have the columns of those that are there.
        present = read(spark, source, place)
        if form == "parquet":
            schema = present.schema
        else:
            schema = _as_texts(spark.read.options(**_OPTIONS["csv"]).csv(place).columns)
        frame = reader.schema(schema).format(form).load(place)
    return _checked(frame, source, place, form)


def _objects(spark: SparkSession, source: Source, topic: Topic) -> DataFrame:
    """Read a topic's messages from the first one on.

    Messages without content are skipped, as empty lines are.
    """
    from pyspark.sql import functions as f

    where = {
        "kafka.bootstrap.servers": topic.servers,
        "subscribe": topic.name,
        "startingOffsets": "earliest",
    }
    for name, value in java_settings(kafka_settings()).items():
        where[f"kafka.{name}"] = value
    text = f.col("value").cast("string")
    messages = spark.readStream.format("kafka").options(**where).load().where(f.trim(text) != "")
    fields = _as_texts(source.column_names)
    return messages.select(f.from_json(text, fields, _OPTIONS["json"]).alias("event")).select(
        "event.*"
    )
