"""Run by the Python that has Flink: reads {"ddl": […], "queries": […]} from standard input and
prints Flink's version and the rows of each query, or what it says against the query.
"""

import json
import sys
from typing import Any

from pyflink.table import EnvironmentSettings, TableEnvironment
from pyflink.version import __version__

environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
environment.get_config().set("table.local-time-zone", "UTC")
environment.get_config().set("parallelism.default", "1")
asked = json.load(sys.stdin)
for statement in asked["ddl"]:
    environment.execute_sql(statement)


def answer(query: str) -> Any:
    """Give the rows of a query, or the cause of its failure as one line."""
    try:
        with environment.execute_sql(query).collect() as found:
            return [list(row) for row in found]
    except Exception as error:
        causes = [line for line in str(error).splitlines() if line.startswith("Caused by: ")]
        return (causes or str(error).splitlines() or [""])[-1]


answers = [answer(query) for query in asked["queries"]]
print("\n" + json.dumps({"flink": __version__, "answers": answers}))
