"""`--target spark`: two jobs with the SQL that Spark runs, and their README."""

from __future__ import annotations

import ast

import pytest
import sqlglot
from syrupy.assertion import SnapshotAssertion

from support.cases import CASES
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.targets import spark
from tilewright_runtime.testing.snapshots import file_snapshot


def case(name: str) -> Plan:
    (plan,) = compile_paths([CASES / f"{name}.py"]).plans
    return plan


@pytest.mark.parametrize("file", ["job.py", "stream.py", "README.md"])
def test_a_reviewer_has_read_it(file: str, snapshot: SnapshotAssertion) -> None:
    """The files of the quick start."""
    assert spark.files(case("quick_start"))[f"spark/{file}"] == snapshot(
        extension_class=file_snapshot("txt")
    )


@pytest.mark.parametrize("name", ["quick_start", "every_operation", "hostile_names"])
@pytest.mark.parametrize("file", ["job.py", "stream.py"])
def test_the_sql_of_a_job_is_sql_of_spark(name: str, file: str) -> None:
    """Whatever an author's names and texts hold, a job is a Python file whose texts are statements
    that Spark can parse.
    """
    tree = ast.parse(spark.files(case(name))[f"spark/{file}"])
    statements = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and "SELECT" in str(node.value)
    ]
    assert len(statements) == 3
    for statement in statements:
        assert (
            sqlglot.parse_one(str(statement), read="spark").sql("spark", pretty=True)
            == str(statement).strip()
        )


def test_what_spark_is_not_known_to_compute_is_refused() -> None:
    """An expression of another dialect that has no certain translation, and what only the embedded
    writer makes.
    """
    (reason,) = spark.unsupported(case("two_sources"))
    assert reason.startswith("source shop_floor: 'to_timestamp(ms / 1000)' holds ")
    assert spark.unsupported(case("lists"))[-1].startswith("the input words holds lists")
    assert any(
        reason.startswith("the bucket column country:")
        for reason in spark.unsupported(case("buckets"))
    )
