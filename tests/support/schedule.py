"""Which tests stay together in one of several processes, and what begins first."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

#: Files and folders by what they share; what takes longest comes first, so that it does not come
#: last, while the other processes have nothing left to do.
TOGETHER = {
    "flink": (
        "tests/conformance/test_flink.py",
        "tests/integration/flink/",
        "tests/docs/test_engines.py",
    ),
    "spark": (
        "tests/conformance/test_spark.py",
        "tests/conformance/test_spark_kafka.py",
        "tests/conformance/test_sql.py",
    ),
    "examples": ("tests/docs/test_examples.py", "tests/docs/test_install.py"),
    "topics": ("tests/runtime/readers/kafka/test_topic.py", "tests/fuzz/test_kills_kafka.py"),
    "oracle": ("tests/runtime/ingest/test_writer_against_oracle.py",),
    "kills": ("tests/integration/test_kill.py",),
    "splits": ("tests/conformance/test_embedded.py",),
    "first plans": ("tests/runtime/commands/test_init.py",),
    "pages": ("tests/runtime/service/web/test_browser.py",),
}


def group_of(nodeid: str) -> str:
    """Give what a test stays with: a group, else its file."""
    for group, places in TOGETHER.items():
        if nodeid.startswith(places):
            return group
    return nodeid.partition("::")[0]


def order_of(nodeid: str) -> int:
    """Give the rank of a test's group; files of their own come after all groups."""
    groups = list(TOGETHER)
    group = group_of(nodeid)
    return groups.index(group) if group in groups else len(groups)


def scheduler(config: pytest.Config, log: Any) -> Any:
    """Make xdist's scheduler send each group to one process.

    Its own groups, which marks name, have no effect with pytest 9.2.
    """
    made = LoadScopeScheduling(config, log)
    made._split_scope = group_of
    return made
