"""`--target flink`: the job's files as a reviewer has read them, and the plans that are refused."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from support.cases import CASES
from support.plans import plan_of
from tilewright import Aggregation, EventSource, Operation, Query
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.frontend.config import Config
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.targets import flink
from tilewright_runtime.engines.flink.script import split_statements
from tilewright_runtime.testing.snapshots import file_snapshot

COUNT = [Aggregation(input_column="n", operation=Operation.COUNT, windows=["1h"])]


def case(name: str) -> Plan:
    (plan,) = compile_paths([CASES / f"{name}.py"]).plans
    return plan


def counting(
    topic: str | None = None, schema: dict[str, str] | None = None, **selects: str
) -> Plan:
    """A plan that counts `n` of `k`."""
    source = EventSource(
        topic=topic,
        schema={"k": "string", "n": "bigint", "ts": "bigint"} | (schema or {}),
        query=Query(selects={"k": "k", "n": "n"} | selects, time_column="ts"),
        name="clicks",
    )
    return plan_of({}, ["k"], COUNT, sources=[source])


@pytest.mark.parametrize("name", ["quick_start", "hostile_names"])
def test_a_reviewer_has_read_the_job(name: str, snapshot: SnapshotAssertion) -> None:
    """The statements of a small plan, and of one whose names hold every quote."""
    assert flink.files(case(name))["flink/job.sql"] == snapshot(
        extension_class=file_snapshot("sql")
    )


def test_a_reviewer_has_read_what_goes_with_it(snapshot: SnapshotAssertion) -> None:
    """The runner, and what it says of how to submit it."""
    files = flink.files(case("quick_start"))
    assert list(files) == ["flink/job.sql", "flink/job.py", "flink/README.md"]
    assert files["flink/job.py"] + files["flink/README.md"] == snapshot(
        extension_class=file_snapshot("md")
    )


def test_the_configuration_sets_the_job() -> None:
    """How often it takes a checkpoint, where its state is, and how wide it runs."""
    settings = {"checkpointing_interval": "2m", "state_backend": "hashmap", "parallelism": 8}
    config = Config.model_validate({"flink": settings})
    (plan,) = compile_paths([CASES / "quick_start.py"], config).plans
    sql = flink.files(plan)["flink/job.sql"]
    for name, value in (
        ("parallelism.default", "8"),
        ("state.backend.type", "hashmap"),
        ("execution.checkpointing.interval", "120000 ms"),
    ):
        assert f"SET '{name}' = '{value}';" in sql


def test_a_topic_is_read_from_kafka() -> None:
    """The brokers and the topic of the declaration are the connector's options."""
    sql = flink.files(counting("kafka://one:9092,two:9092/clicks"))["flink/job.sql"]
    assert "'properties.bootstrap.servers' = 'one:9092,two:9092'" in sql
    assert "'topic' = 'clicks'" in sql


def test_partials_are_in_the_order_that_the_plan_says() -> None:
    """The function takes columns by their place."""
    plan = case("every_operation")
    (call,) = [
        text
        for text in split_statements(flink.files(plan)["flink/job.sql"])
        if text.startswith("EXECUTE")
    ]
    arguments = call.split("`put_tiles`(")[1].split(") FROM")[0]
    assert plan.partials is not None
    assert [argument.strip().strip("`") for argument in arguments.split(",\n")] == [
        column.name for column in plan.partials.columns
    ]


def test_statements_end_where_they_do() -> None:
    """Semicolons in quotes, names and comments end nothing, and a statement set is one
    statement.
    """
    script = (
        "SET 'a' = 'b;c';\n-- no; end\n"
        "CREATE VIEW `x;y` AS SELECT 'it''s -- no comment; 1 - 2';\n"
        "EXECUTE STATEMENT SET BEGIN\nA;\nB;\nEND;\n"
    )
    assert list(split_statements(script)) == [
        "SET 'a' = 'b;c'",
        "CREATE VIEW `x;y` AS SELECT 'it''s -- no comment; 1 - 2'",
        "EXECUTE STATEMENT SET BEGIN\nA;\nB;\nEND",
    ]


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (
            counting(n="greatest(n, 1)"),
            (
                "source clicks: 'greatest(n, 1)' holds greatest, which is not known "
                "to give the same "
                "value in Flink."
            ),
        ),
        (
            counting("clicks"),
            "source clicks: the topic 'clicks' is not of the form kafka://HOST:PORT/TOPIC.",
        ),
        (
            counting(schema={"n": "array<bigint>"}),
            "the lists of 'n' cannot be taken apart there. Send an event for each element.",
        ),
    ],
)
def test_what_cannot_run_is_refused(plan: Plan, said: str) -> None:
    """A reason names the source or column and says what to do."""
    (reason,) = flink.unsupported(plan)
    assert reason.startswith(said)
    assert reason.endswith(".")


def test_buckets_are_refused() -> None:
    """Every bucket column of a plan is named once."""
    counts = [
        Aggregation(input_column="n", operation=Operation.COUNT, windows=["1h"], buckets=["b"])
    ]
    plan = plan_of({"k": "string", "n": "bigint", "b": "string"}, ["k"], counts)
    assert flink.unsupported(plan) == [
        "the bucket column 'b': a Flink job keeps no states by bucket. Make it a key, or use "
        "tilewright write."
    ]


def test_raw_events_are_refused() -> None:
    """What needs events one by one cannot be made of tiles."""
    counts = [
        Aggregation(input_column="n", operation=Operation.COUNT, windows=["1h"], edge="exact")
    ]
    (reason,) = flink.unsupported(plan_of({"k": "string", "n": "bigint"}, ["k"], counts))
    assert reason.startswith("it keeps raw events")


def test_null_values_are_refused() -> None:
    """A job takes the markers for values."""
    plan = case("quick_start")
    plan.sources[0].null_values.append("NA")
    (reason,) = flink.unsupported(plan)
    assert reason.endswith("its null_values, which only tilewright write reads as null.")


def test_what_can_run_is_not_refused() -> None:
    """The quick start runs."""
    assert flink.unsupported(case("quick_start")) == []
