"""Run by the Python that has Flink: runs each of [[job.py, arguments], …] from standard input, and
says how each ended.

All run in one process, since a JVM takes longer to start than such a job to run.
"""

import json
import runpy
import sys

status: object
for job, arguments in json.load(sys.stdin):
    sys.argv = [job, *arguments]
    try:
        runpy.run_path(job, run_name="__main__")
        status = 0
    except SystemExit as ended:
        status = ended.code
    sys.stderr.flush()
    print(f"\njob ended with {status}", flush=True)
