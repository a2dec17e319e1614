"""What a Flink job counts, with a group that keeps what it is told."""

from __future__ import annotations

from typing import Any

import pytest

from tilewright_runtime.engines.flink.metrics import SinkMetrics


class Group:
    """A group of metrics as PyFlink has it: each metric is a list of what it was given."""

    def __init__(self, names: tuple[str, ...], told: dict[tuple[str, ...], list[int]]) -> None:
        self.names = names
        self.told = told

    def add_group(self, *names: str) -> Group:
        return Group((*self.names, *names), self.told)

    def distribution(self, name: str) -> Any:
        """A metric, whatever its kind."""
        given = self.told.setdefault((*self.names, name), [])

        class Metric:
            update = inc = mark_event = given.append

        return Metric

    counter = meter = distribution


def metrics() -> tuple[SinkMetrics, dict[str, list[int]]]:
    """Metrics of a plan, and what they tell by their last names."""
    told: dict[tuple[str, ...], list[int]] = {}
    made = SinkMetrics(Group((), told), "things")
    assert {names[:-1] for names in told} == {("tilewright", "plan", "things")}
    return made, {names[-1]: given for names, given in told.items()}


def test_records_are_counted_with_their_sizes() -> None:
    """A put takes some time, and has no failures."""
    made, told = metrics()
    with made.put(2):
        made.encoded([b"abc", b"de"])
    assert told["tile_write_latency_ms"] == [pytest.approx(0, abs=60_000)]
    del told["tile_write_latency_ms"]
    assert told == {
        "ir_size_bytes": [3, 2],
        "tiles_written": [2],
        "tile_write_failures": [],
        "tiles_per_second": [2],
    }


def test_a_put_that_fails_counts_its_tiles() -> None:
    """The job sees the error all the same."""
    made, told = metrics()
    with pytest.raises(OSError, match="full"), made.put(7):
        raise OSError("full")
    assert (told["tile_write_failures"], told["tile_write_latency_ms"]) == ([7], [])
