"""What tests of engines share: one small Spark for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.spark import small_spark
from tilewright_runtime.engines.spark.session import end_session


@pytest.fixture(scope="session")
def _one_spark() -> Iterator[None]:
    yield
    end_session()


@pytest.fixture(scope="module")
def spark(_one_spark: None) -> Iterator[None]:
    """The environment in which a session is small; the session itself is begun by whoever needs it
    first.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in small_spark().items():
            patch.setenv(name, value)
        yield
