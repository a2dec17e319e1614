"""Which tests stay together in one of several processes, and what begins first."""

from __future__ import annotations

import pytest

from docs.pages import ROOT
from support.schedule import TOGETHER, group_of, order_of


@pytest.mark.parametrize("place", sum(TOGETHER.values(), ()))
def test_each_place_exists(place: str) -> None:
    """A file that moves takes its group along."""
    assert (ROOT / place).exists()


def test_an_engines_files_stay_together() -> None:
    """Its JVM starts once."""
    assert group_of("tests/conformance/test_flink.py::test_a") == "flink"
    assert group_of("tests/integration/flink/test_job.py::test_b[x::y]") == "flink"


def test_other_files_stay_by_themselves() -> None:
    """What a module shares is made once."""
    assert group_of("tests/dsl/test_windows.py::test_a[x::y]") == "tests/dsl/test_windows.py"


def test_what_takes_longest_comes_first() -> None:
    """Groups come in their order, and then what has none."""
    names = ["tests/dsl/test_windows.py::test_a", "tests/conformance/test_spark.py::test_b"]
    names.append("tests/conformance/test_flink.py::test_c")
    assert sorted(names, key=order_of) == names[::-1]
