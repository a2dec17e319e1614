"""The configuration file: its keys, and where its mistakes are."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query
from tilewright_compiler.compile import compile_group_by, compile_paths
from tilewright_compiler.frontend.config import Config, load_config
from tilewright_compiler.frontend.diagnostics import CompileError
from tilewright_compiler.frontend.json_schema import json_schema
from tilewright_compiler.output import load_targets, render
from tilewright_compiler.plan.model import Plan

#: The specification's file, as it is.
CHAPTER = """\
# chronon_tiling_config.yaml
tiling:
  enabled: true
  
  # Tile sizing strategy
  sizing_strategy: "adaptive"  # adaptive, fixed, hierarchical
  
  # Default tile sizes by window
  tile_sizes:
    1h: "1m"
    4h: "5m"
    24h: "15m"
    7d: "1h"
    30d: "6h"
  
  # Flink configuration
  flink:
    checkpointing_interval: 60000  # 1 minute
    state_backend: "rocksdb"
    parallelism: 100
    allowed_lateness: 300000  # 5 minutes
    
  # KV store configuration  
  kv_store:
    type: "redis_cluster"
    ttl_multiplier: 1.5  # Keep tiles 1.5x window size
    compression: "snappy"
    batch_size: 50
    
  # Monitoring
  monitoring:
    tile_write_sla: 1000  # ms
    tile_fetch_sla: 10    # ms
    missing_tile_threshold: 0.01  # 1% acceptable
"""

#: Every further key, and another value for each of the specification's.
OTHER = """\
tiling:
  enabled: true
  sizing_strategy: fixed
  tile_size: 1h
  max_tiles_per_request: 10
  max_bytes_per_request: 5000
  max_edge_error: 0.5
  entity_stats: {events_per_hour: 30, entities: 1000, requests_per_second: 200}
  flink:
    {checkpointing_interval: 2m, state_backend: hashmap, parallelism: 8, allowed_lateness: 10m,
     out_of_orderness: 30s, max_ahead: 1h}
  kv_store: {type: lmdb, ttl_multiplier: 2, compression: none, batch_size: 100}
  monitoring: {tile_write_sla: 2000, tile_fetch_sla: 20, missing_tile_threshold: 0.02}
"""


def _load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "tiling.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return load_config(str(path))


def _problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(CompileError) as refused:
        _load(tmp_path, text)
    return [
        f"{problem.line}: {problem.code} {problem.message}" for problem in refused.value.diagnostics
    ]


def _plan(config: Config | None, enabled: bool | None = None) -> Plan:
    source = EventSource(
        schema={"user": "string", "x": "double", "ts": "timestamp"}, query=Query(time_column="ts")
    )
    total = Aggregation(input_column="x", operation=Operation.SUM, windows=["12h"])
    return compile_group_by(
        GroupBy(sources=[source], keys=["user"], tiling_enabled=enabled, aggregations=[total]),
        config=config,
    )


def test_the_specifications_file_is_accepted_as_it_is(tmp_path: Path) -> None:
    """All of its keys reach the plan; 12h, which its map lacks, takes the entry of 24h."""
    plan = _plan(_load(tmp_path, CHAPTER))
    assert (plan.features[0].edge_ms, plan.features[0].rule) == (
        15 * 60_000,
        "config tile_sizes: window <= 24h, not sizing_strategy adaptive",
    )
    assert plan.flink.model_dump() == {
        "checkpointing_interval_ms": 60_000,
        "state_backend": "rocksdb",
        "parallelism": 100,
    }
    assert plan.late.model_dump() == {
        "policy": "delta",
        "approximate": [],
        "allowed_lateness_ms": 300_000,
        "out_of_orderness_ms": 0,
        "max_ahead_ms": 86_400_000,
    }
    assert plan.store.model_dump() == {
        "type": "redis_cluster",
        "ttl_multiplier": 1.5,
        "compression": "snappy",
        "batch_size": 50,
    }
    assert plan.monitoring.model_dump() == {
        "tile_write_sla_ms": 1000,
        "tile_fetch_sla_ms": 10,
        "missing_tile_threshold": 0.01,
    }


def test_every_key_reaches_the_plan(tmp_path: Path) -> None:
    """Each key of the file shows in the plan: sizes, costs, lateness, the job, the store, and
    service levels.
    """
    plan = _plan(_load(tmp_path, OTHER))
    assert plan.features[0].rule == "config tile_size"
    assert plan.flink.model_dump() == {
        "checkpointing_interval_ms": 120_000,
        "state_backend": "hashmap",
        "parallelism": 8,
    }
    assert plan.late.model_dump() == {
        "policy": "delta",
        "approximate": [],
        "allowed_lateness_ms": 600_000,
        "out_of_orderness_ms": 30_000,
        "max_ahead_ms": 3_600_000,
    }
    assert plan.store.model_dump() == {
        "type": "lmdb",
        "ttl_multiplier": 2.0,
        "compression": "none",
        "batch_size": 100,
    }
    assert plan.tile_layout.compression == "none"
    assert plan.levels[0].ttl_ms == 2 * (12 * 3_600_000 + 3_600_000 + 600_000)
    assert plan.monitoring.model_dump() == {
        "tile_write_sla_ms": 2000,
        "tile_fetch_sla_ms": 20,
        "missing_tile_threshold": 0.02,
    }
    (found,) = plan.cost.recommendations
    assert (found.tiling, found.events_per_tile, found.tiles_per_window) == (
        "HIERARCHICAL_TILING",
        30,
        12,
    )
    assert plan.cost.stored_bytes == 1000 * (plan.cost.stored_bytes_per_entity or 0)
    assert plan.cost.tiles_per_second == 200 * plan.cost.typical.tiles


def test_every_key_is_tested() -> None:
    """The two files above hold every key that there is."""
    import yaml

    assert _keys(yaml.safe_load(CHAPTER)) | _keys(yaml.safe_load(OTHER)) == _keys_of(
        json_schema("config")
    )


#: key -> a value that is not its default, and what else the file says so that it can matter
ALONE: dict[str, tuple[Any, dict[str, Any]]] = {
    "enabled": (True, {"enabled": False}),
    "sizing_strategy": ("hierarchical_map", {}),
    "tile_size": ("15m", {}),
    "tile_sizes": ({"12h": "30m"}, {}),
    "max_tiles_per_request": (5, {}),
    "max_bytes_per_request": (5000, {}),
    "max_edge_error": (0.01, {}),
    "entity_stats": ({"events_per_hour": 5}, {}),
    "entity_stats.events_per_hour": (7, {"entity_stats": {"events_per_hour": 5}}),
    "entity_stats.entities": (100, {"entity_stats": {"events_per_hour": 5}}),
    "entity_stats.requests_per_second": (9, {"entity_stats": {"events_per_hour": 5}}),
    "flink.checkpointing_interval": ("2m", {}),
    "flink.state_backend": ("hashmap", {}),
    "flink.parallelism": (8, {}),
    "flink.allowed_lateness": ("10m", {}),
    "flink.out_of_orderness": ("30s", {}),
    "flink.max_ahead": ("1h", {}),
    "kv_store.type": ("redis", {}),
    "kv_store.ttl_multiplier": (2, {}),
    "kv_store.compression": ("none", {}),
    "kv_store.batch_size": (100, {}),
    "monitoring.tile_write_sla": (2000, {}),
    "monitoring.tile_fetch_sla": (20, {}),
    "monitoring.missing_tile_threshold": (0.5, {}),
}


@pytest.mark.parametrize("key", ALONE)
def test_each_key_has_an_effect_of_its_own(key: str, tmp_path: Path) -> None:
    """One key that changes shows in what the compiler writes of a GroupBy that leaves all to the
    configuration.
    """
    value, others = ALONE[key]
    before = {"enabled": True, **others}
    *sections, name = key.split(".")
    after = deepcopy(before)
    place = after
    for section in sections:
        place = place.setdefault(section, {})
    place[name] = value
    assert _written(before, tmp_path) != _written(after, tmp_path)


def _written(config: dict[str, Any], folder: Path) -> dict[str, str]:
    """The files of all plans."""
    (folder / "totals.py").write_text(
        "from tilewright import Aggregation, EventSource, GroupBy, Operation, Query\n"
        "source = EventSource(schema={'user': 'string', 'x': 'double', 'ts': 'timestamp'}, "
        "query=Query(time_column='ts'))\n"
        "total = Aggregation(input_column='x', operation=Operation.SUM, windows=['12h'])\n"
        "totals = GroupBy(sources=[source], keys=['user'], aggregations=[total])\n"
    )
    compilation = compile_paths([folder / "totals.py"], Config.model_validate(config))
    return render(compilation.plans, load_targets(["duckdb"]).values())


def test_every_key_is_tested_alone() -> None:
    """But for the sections, which are nothing by themselves."""
    sections = {"tiling", "tiling.flink", "tiling.kv_store", "tiling.monitoring"}
    assert {f"tiling.{key}" for key in ALONE} == _keys_of(json_schema("config")) - sections


def test_an_unknown_kind_of_store_is_refused(tmp_path: Path) -> None:
    """The message names those that there are."""
    assert _problems(tmp_path, "tiling:\n  kv_store:\n    type: banana\n") == [
        "3: TW005 tiling.kv_store.type: Input should be "
        "'lmdb', 'memory', 'redis' or 'redis_cluster'."
    ]


@pytest.mark.parametrize("name", ["config", "plan"])
def test_every_property_is_described(name: str) -> None:
    """The text below each field of the model is its description in the schema, also where it refers
    to another part.
    """
    schema = json_schema(name)
    parts = {"": schema, **schema["$defs"]}
    assert [
        f"{part}.{field}"
        for part in parts
        for field, found in parts[part]["properties"].items()
        if not found.get("description")
    ] == []


@pytest.mark.parametrize("name", ["config", "plan"])
def test_descriptions_are_not_wrapped(name: str) -> None:
    """A paragraph of a description is one line, however the sources wrap it."""
    schema = json_schema(name)
    for part in [schema, *schema["$defs"].values()]:
        for described in [part, *part["properties"].values()]:
            for paragraph in described["description"].split("\n\n"):
                assert paragraph == paragraph.strip()
                assert "\n" not in paragraph


def _keys(content: dict[str, Any], prefix: str = "") -> set[str]:
    found = {f"{prefix}{name}" for name in content}
    for name, value in content.items():
        if isinstance(value, dict) and name != "tile_sizes":
            found |= _keys(value, f"{prefix}{name}.")
    return found


def _keys_of(schema: dict[str, Any]) -> set[str]:
    def below(node: dict[str, Any], prefix: str) -> set[str]:
        found: set[str] = set()
        for name, value in node["properties"].items():
            found.add(prefix + name)
            for part in [value, *value.get("anyOf", ())]:
                if "$ref" in part:
                    found |= below(
                        schema["$defs"][part["$ref"].rpartition("/")[2]], f"{prefix}{name}."
                    )
        return found

    return below(schema, "")


def test_the_schema_of_the_file_is_strict() -> None:
    """An editor that knows the schema refuses unknown keys at every level, and durations that
    cannot be read.
    """
    schema = json_schema("config")
    sections = [schema, *schema["$defs"].values()]
    assert all(section["additionalProperties"] is False for section in sections)
    sizes = schema["$defs"]["Config"]["properties"]["tile_sizes"]["anyOf"][0]
    assert re.search(sizes["additionalProperties"]["pattern"], "15m")
    assert not re.search(sizes["propertyNames"]["pattern"], "1 hour")


def test_the_schema_of_a_plan_is_the_plans() -> None:
    """The schema has the keys of a plan by the names that the file has; some may be left out."""
    schema = json_schema("plan")
    written = set(_plan(None, enabled=True).model_dump())
    assert written <= set(schema["properties"])
    assert set(schema["required"]) <= written
    assert "schema" in schema["$defs"]["Source"]["properties"]


def test_the_group_by_overrides_whether_tiles_are_used(tmp_path: Path) -> None:
    """tiling_enabled of a GroupBy wins over the file's."""
    untiled = _plan(_load(tmp_path, OTHER), enabled=False)
    assert (untiled.levels, untiled.features[0].rule) == ([], "untiled")
    assert _plan(_load(tmp_path, OTHER)).levels
    assert _plan(None, enabled=True).levels
    assert not _plan(None).levels


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
        (
            "3: TW005 tiling.tile_size: '1 hour' is not a duration. Write a whole "
            "number and one of "
            "s, m, h, d, w, such as '30s', '5m', '7d'."
        ),
        (
            "5: TW005 there is no setting 'tiling.kv_store.ttl_multplier'. Did you mean "
            "'ttl_multiplier'?"
        ),
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
        (
            "tiling:\n  tile_sizes:\n    1h: 2h\n",
            "2: TW005 tiling.tile_sizes: the tile 2h is longer than its window 1h.",
        ),
        ("tiling:\n  tile_sizes:\n    1d: 2h\n    24h: 1h\n", "1d and 24h are the same window"),
        ("tiling:\n  tile_sizes:\n    soon: 2h\n", "'soon' is not a duration"),
        (
            "tiling:\n  entity_stats: {entities: 5}\n",
            "2: TW005 tiling.entity_stats.events_per_hour: Field required.",
        ),
        (
            "tiling:\n  flink: {alowed_lateness: 5}\n",
            "'tiling.flink.alowed_lateness'. Did you mean 'allowed_lateness'?",
        ),
        (
            "tiling:\n  entity_stats: {event_per_hour: 5, events_per_hour: 5}\n",
            "Did you mean 'events_per_hour'?",
        ),
        ("tiling:\n  sizing_strategy: fastest\n", "2: TW005 tiling.sizing_strategy: "),
        ("tiling: !!python/object/apply:os.getcwd []\n", "not YAML"),
        ("tiling: {tile_size: 2024-13-45}\n", "has a value that cannot be read: month must be in"),
        ("[" * 5000, "is nested too deeply to be read"),
        (f"tiling: {{max_tiles_per_request: {'9' * 5000}}}\n", "has a value that cannot be read"),
        ("tiling: {kv_store: {ttl_multiplier: .inf}}\n", "tiling.kv_store.ttl_multiplier: "),
        ("tiling: {entity_stats: {events_per_hour: .nan}}\n", "events_per_hour: "),
        ("tiling: {flink: {allowed_lateness: 9223372036854775807}}\n", "allowed_lateness: "),
    ],
)
def test_what_is_no_configuration(text: str, problem: str, tmp_path: Path) -> None:
    """A file of another form is refused, and nothing in it is run."""
    assert problem in _problems(tmp_path, text)[0]


def test_a_missing_file_says_so() -> None:
    """A path that leads nowhere is a diagnostic."""
    with pytest.raises(CompileError, match=r"nowhere\.yaml: TW005 cannot be read"):
        load_config("nowhere.yaml")
