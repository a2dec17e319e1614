"""The configuration file: its keys, and where its mistakes are."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.config import Config, load_config
from tilewright_compiler.diagnostics import CompileError
from tilewright_compiler.plan import Plan

#: The specification's file, with the strategy and table that are built.
CHAPTER = """\
tiling:
  enabled: true
  sizing_strategy: "fixed"
  tile_size: 1h
  flink:
    checkpointing_interval: 60000  # 1 minute
    state_backend: "rocksdb"
    parallelism: 100
    allowed_lateness: 300000  # 5 minutes
    out_of_orderness: 30s
  kv_store:
    type: "redis_cluster"
    ttl_multiplier: 2
    compression: "none"
    batch_size: 100
  monitoring:
    tile_write_sla: 2000  # ms
    tile_fetch_sla: 20    # ms
    missing_tile_threshold: 0.02
"""


def _load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "tiling.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return load_config(str(path))


def _problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(CompileError) as refused:
        _load(tmp_path, text)
    return [f"{problem.line}: {problem.code} {problem.message}" for problem in refused.value.diagnostics]


def _plan(config: Config | None, enabled: bool | None = None) -> Plan:
    source = EventSource(schema={"user": "string", "x": "double", "ts": "timestamp"}, query=Query(time_column="ts"))
    total = Aggregation(input_column="x", operation=Operation.SUM, windows=["12h"])
    return compile_group_by(GroupBy(sources=[source], keys=["user"], tiling_enabled=enabled, aggregations=[total]), config=config)


def test_the_configuration_reaches_the_plan(tmp_path: Path) -> None:
    """What the file says of tiles, store, lateness and service levels stands in the plan."""
    plan = _plan(_load(tmp_path, CHAPTER))
    assert plan.features[0].rule == "config tile_size"
    assert plan.store.model_dump() == {"type": "redis_cluster", "ttl_multiplier": 2.0, "compression": "none", "batch_size": 100}
    assert plan.tile_layout.compression == "none"
    assert plan.late.model_dump() == {"policy": "delta", "allowed_lateness_ms": 300_000, "out_of_orderness_ms": 30_000}
    assert plan.monitoring.model_dump() == {"tile_write_sla_ms": 2000, "tile_fetch_sla_ms": 20, "missing_tile_threshold": 0.02}


def test_the_group_by_overrides_whether_tiles_are_used(tmp_path: Path) -> None:
    """tiling_enabled of a GroupBy wins over the file's."""
    with pytest.raises(CompileError, match="TW030"):
        _plan(_load(tmp_path, CHAPTER), enabled=False)
    assert _plan(None, enabled=True).levels


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    """A file that says nothing changes nothing."""
    assert _load(tmp_path, "") == _load(tmp_path, "tiling: {}\n") == Config()


def test_mistakes_are_reported_together_at_their_lines(tmp_path: Path) -> None:
    """Unknown settings name the nearest known one; every mistake has its line."""
    text = """\
    tiling:
      enabled: maybe
      tile_size: 1 hour
      kv_store:
        ttl_multplier: 1.5
        compression: zip
    redis: {}
    """
    assert _problems(tmp_path, text) == [
        "2: TW005 tiling.enabled: Input should be a valid boolean.",
        "3: TW005 tiling.tile_size: '1 hour' is not a duration. Write a whole number and one of s, m, h, d, w, such as '30s', '5m', '7d'.",
        "5: TW005 there is no setting 'tiling.kv_store.ttl_multplier'. Did you mean 'ttl_multiplier'?",
        "6: TW005 tiling.kv_store.compression: Input should be 'none' or 'snappy'.",
        "7: TW005 there is no setting 'redis'. Known: tiling.",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tiling: [", "not YAML"),
        ("tiling: 5\n", "1: TW005 tiling: "),
        ("- tiling\n", "1: TW005 the file: "),
        ("tiling:\n  sizing_strategy: fixed\n", "needs a tile_size"),
        ("tiling:\n  sizing_strategy: fastest\n", "2: TW005 tiling.sizing_strategy: "),
        ("tiling: !!python/object/apply:os.getcwd []\n", "not YAML"),
    ],
)
def test_what_is_no_configuration(text: str, problem: str, tmp_path: Path) -> None:
    """A file of another form is refused, and nothing in it is run."""
    assert problem in _problems(tmp_path, text)[0]


def test_a_missing_file_says_so() -> None:
    """A path that leads nowhere is a diagnostic."""
    with pytest.raises(CompileError, match=r"nowhere\.yaml: TW005 cannot be read"):
        load_config("nowhere.yaml")
