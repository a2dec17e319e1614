"""Configuration files of any content: settings, or diagnostics."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from support.fuzzing import damaged, damaged_bytes, fuzzed, only_errors_of_ours
from tilewright import Aggregation, EventSource, GroupBy, Operation, Query
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.frontend.config import ConfigFile, load_config

DOCUMENT: Any = ConfigFile().model_dump(mode="json")
DOCUMENT["tiling"] |= {
    "tile_size": "5m",
    "tile_sizes": {"1h": "5m", "7d": "1h"},
    "entity_stats": {"events_per_hour": 5.5, "entities": 7, "requests_per_second": 2.0},
}
TEXT = yaml.safe_dump(DOCUMENT).encode()


def use(content: bytes) -> None:
    """Read a file of settings, and compile a GroupBy with them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tilewright.yaml")
        path.write_bytes(content)
        with only_errors_of_ours():
            compile_group_by(group_by(), config=load_config(str(path)))


def group_by() -> GroupBy:
    """A GroupBy that takes all of its settings from the configuration."""
    query = Query(time_column="ts")
    source = EventSource(table="e.csv", schema={"k": "string", "ts": "bigint"}, query=query)
    count = Aggregation(input_column="k", operation=Operation.COUNT, windows=["1h", "7d"])
    return GroupBy(sources=[source], keys=["k"], aggregations=[count], name="g")


@fuzzed
@given(data=st.data())
def test_damaged_settings_are_diagnostics(data: st.DataObject) -> None:
    """Values of any kind stand where a setting belongs."""
    try:
        text = yaml.safe_dump(data.draw(damaged(DOCUMENT)), allow_unicode=True)
        content = text.encode()
    except (ValueError, yaml.YAMLError):
        return  # half a surrogate, or a number that cannot be written
    use(content)


@fuzzed
@given(content=damaged_bytes(TEXT))
def test_damaged_files_are_diagnostics(content: bytes) -> None:
    """Bytes are changed, and may be no YAML any more."""
    use(content)
