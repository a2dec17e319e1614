"""Run by the Python that has Flink: reads {"ddl": […], "queries": […]} from standard input and
prints the row of each query.
"""

import json
import sys

from pyflink.table import EnvironmentSettings, TableEnvironment

environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
environment.get_config().set("table.local-time-zone", "UTC")
environment.get_config().set("parallelism.default", "1")
asked = json.load(sys.stdin)
for statement in asked["ddl"]:
    environment.execute_sql(statement)
rows = []
for query in asked["queries"]:
    with environment.execute_sql(query).collect() as found:
        rows.append(list(next(iter(found))))
print("\n" + json.dumps(rows))
