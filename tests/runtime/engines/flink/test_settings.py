"""What a Flink job is configured with, seen without Flink."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright_runtime.engines.flink.options import JobOptions
from tilewright_runtime.engines.flink.parameters import JobParameters
from tilewright_runtime.engines.flink.settings import configure, hand_over_password
from tilewright_runtime.errors import JobError, StoreError

PLAN = plan_of({"k": "string", "n": "bigint"}, ["k"], aggregations("n", [Operation.COUNT]))
OPTIONS = JobOptions(
    store="redis://ana@h:6379/0",
    events={},
    stream=False,
    follow=False,
    replay=False,
    refused=None,
    checkpoints=None,
    parallelism=None,
    jars=(),
)


class Settings(dict[str, str]):
    """Flink's settings, as far as a job sets them."""

    def set(self, name: str, value: str) -> None:
        """Keep a setting."""
        self[name] = value


def configured(options: JobOptions) -> Settings:
    settings = Settings()
    configure(settings, PLAN, options, "a-stream", batch=False, report=pytest.fail)
    return settings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that runs jobs itself, and has no password yet."""
    monkeypatch.delenv("PYFLINK_GATEWAY_PORT", raising=False)
    monkeypatch.setenv("TILEWRIGHT_STORE_PASSWORD", "")


def test_a_password_goes_to_the_environment_of_workers() -> None:
    """What remains of the URL may be shown on Flink's web page."""
    assert hand_over_password("redis://ana:s3cret@h:6379/0") == "redis://ana@h:6379/0"
    assert os.environ["TILEWRIGHT_STORE_PASSWORD"] == "s3cret"


def test_a_password_for_a_cluster_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its workers have another environment, and the message says where to set it."""
    monkeypatch.setenv("PYFLINK_GATEWAY_PORT", "1")
    with pytest.raises(JobError, match="set TILEWRIGHT_STORE_PASSWORD here and in the env") as no:
        hand_over_password("redis://ana:s3cret@h:6379/0")
    assert "s3cret" not in str(no.value)


def test_workers_read_what_the_job_was_told() -> None:
    """The plan, the store and how entities are distributed come back whole."""
    text = configured(OPTIONS)["pipeline.global-job-parameters"]
    pairs = (pair.partition(":") for pair in text.split(","))
    parameters = {name: value for name, _, value in pairs}
    assert JobParameters.read(parameters.get) == JobParameters(
        PLAN, "redis://ana@h:6379/0", "a-stream", True
    )


def test_an_embedded_store_has_one_writer() -> None:
    """Its job runs in one instance, and a wider one is refused."""
    embedded = replace(OPTIONS, store="lmdb:tiles")
    assert configured(embedded)["parallelism.default"] == "1"
    with pytest.raises(StoreError, match="one process may write to it"):
        configured(replace(embedded, parallelism=2))
