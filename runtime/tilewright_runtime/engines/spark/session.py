"""The Spark session of a job, and its readable errors.

In this session the plan's SQL means what it means in the other engines.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tilewright_compiler.plan.sessions import SPARK_EXCLUDED_RULES, SPARK_REWRITING

from ...errors import JobError, installation_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Settings that give the SQL the same meaning everywhere, whatever the cluster's defaults are.
MEANING = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    # An author's text may hold ${…}.
    "spark.sql.variable.substitute": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.execution.pandas.convertToArrowArraySafely": "true",
    SPARK_EXCLUDED_RULES: SPARK_REWRITING,
    # Lists are collected in a hash map; the default falls back to sorting all rows after 128 keys.
    "spark.sql.execution.useObjectHashAggregateExec": "true",
    "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "100000",
}

_LOGGING = Path(__file__).with_name("log4j2.properties")

#: Settings of a session without spark-submit. An error is one line of ours, not a hundred lines of
#: Spark's log.
_LOCAL = {
    "spark.master": "local[*]",
    "spark.ui.enabled": "false",
    "spark.driver.host": "localhost",
    "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}",
}

_JAVA_HINT = (
    "Spark needs Java 17 or newer: install it (Debian and Ubuntu: apt-get install "
    "openjdk-17-jre-headless), or set JAVA_HOME."
)


def open_session(name: str) -> SparkSession:
    """Open the session of a job.

    Raises JobError if pyspark or Java is missing, or the cluster cannot be reached.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise JobError(
            f"pyspark is not installed. Install it with: {installation_of('spark')}."
        ) from None
    # The workers run this Python, unless the cluster was told of another one.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        settings: dict[str, Any] = dict(MEANING)
        if "PYSPARK_GATEWAY_PORT" not in os.environ:
            settings |= _LOCAL | {"spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower()}
        session = SparkSession.builder.appName(name).config(map=settings).getOrCreate()
    except PySparkException as error:
        raise JobError(f"Spark does not start: {first_line(error)}. {_JAVA_HINT}") from None
    for key, value in MEANING.items():
        session.conf.set(key, value)
    return session


def end_session() -> None:
    """End Spark, if it was started.

    Its callback threads hold libraries that would complain as the process ends.
    """
    if "pyspark" not in sys.modules:
        return
    from pyspark import SparkContext

    context: Any = SparkContext
    if context._active_spark_context is not None:
        context._active_spark_context.stop()
        context._gateway.shutdown()


@contextmanager
def readable() -> Iterator[None]:
    """Turn errors of Spark and Java into one line.

    Raises JobError if there was one.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise JobError(f"Spark gave up: {first_line(error)}") from None


def first_line(error: BaseException) -> str:
    """Find the useful part of an error.

    For a worker that is its Python error, for Java the innermost cause.
    """
    text = str(error)
    if raised := re.findall(
        r"^(?:tilewright(?:_runtime)?\.errors\.\w+: )?(\w.*)$",
        text.partition("Traceback (most recent call last):\n")[2],
        re.MULTILINE,
    ):
        return str(raised[0])
    if causes := re.findall(r"^Caused by: (?:[\w.$]+: )?(.+)$", text, re.MULTILINE):
        return str(causes[-1])
    lines = [
        line.strip()
        for line in text.splitlines()
        if line.strip() and not line.lstrip().startswith(("at ", "JVM stacktrace"))
    ]
    return re.sub(r"^(\[[A-Z_.]+\]) ", "", lines[0]) if lines else type(error).__name__
