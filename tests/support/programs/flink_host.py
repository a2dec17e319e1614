"""Run by the Python that has Flink: does what each line of standard input asks, in one JVM.

A line is {"folder": …, "job": …, "arguments": […]}, a job that runs in a folder until its end, or
{"ddl": […], "queries": […]}, whose rows are printed. A JVM takes longer to start than any of them
to run.
"""

import json
import runpy
import sys
from contextlib import chdir
from typing import Any

from pyflink.table import EnvironmentSettings, TableEnvironment
from pyflink.version import __version__


def status_of(folder: str, job: str, arguments: list[str]) -> object:
    """Run a job as a process of its own would, and give its status."""
    sys.argv = [job, *arguments]
    try:
        with chdir(folder):
            runpy.run_path(job, run_name="__main__")
    except SystemExit as ended:
        return ended.code
    return 0


def rows_of(ddl: list[str], queries: list[str]) -> str:
    """Print Flink's version and the rows of each query, or what it says against the query."""
    environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
    environment.get_config().set("table.local-time-zone", "UTC")
    environment.get_config().set("parallelism.default", "1")
    for statement in ddl:
        environment.execute_sql(statement)
    answers = [answer(environment, query) for query in queries]
    return json.dumps({"flink": __version__, "answers": answers})


def answer(environment: TableEnvironment, query: str) -> Any:
    """Give the rows of a query, or the cause of its failure as one line."""
    try:
        with environment.execute_sql(query).collect() as found:
            return [list(row) for row in found]
    except Exception as error:
        causes = [line for line in str(error).splitlines() if line.startswith("Caused by: ")]
        return (causes or str(error).splitlines() or [""])[-1]


for line in sys.stdin:
    asked = json.loads(line)
    result: object
    if "job" in asked:
        result = status_of(asked["folder"], asked["job"], asked["arguments"])
    else:
        result = rows_of(asked["ddl"], asked["queries"])
    sys.stderr.flush()
    print(f"\ndone with {result}", flush=True)
