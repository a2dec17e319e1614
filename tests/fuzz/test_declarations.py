"""Declarations of any arguments: a plan, or diagnostics."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from support.fuzzing import damaged, fuzzed, only_errors_of_ours
from tilewright import Aggregation, Derivation, EventSource, GroupBy, Operation, Query
from tilewright_compiler.compile import compile_group_by

ARGUMENTS: dict[str, Any] = {
    "source": {
        "table": "events.csv",
        "topic": "kafka://localhost:9092/events",
        "schema": {"k": "string", "n": "bigint", "x": "double", "ts": "timestamp"},
        "name": "events",
    },
    "query": {
        "selects": {"k": "k", "n": "n * 2", "x": "x"},
        "wheres": ["n > 0"],
        "time_column": "ts",
        "dialect": "spark",
    },
    "aggregations": [
        {"input_column": "n", "operation": "SUM", "windows": ["1h", "7d"], "default": 0},
        {"input_column": "x", "operation": "TOP_K", "windows": ["1d"], "buckets": ["k"]},
        {"input_column": "x", "operation": "LAST", "edge": "exact", "tile_size": "5m"},
    ],
    "derivations": [{"name": "d", "expression": "n_sum_1h / n_sum_7d"}],
    "group_by": {
        "keys": ["k"],
        "online": True,
        "tiling_enabled": True,
        "tile_size": "5m",
        "edge": "sawtooth",
        "serving_config": {"tiling_enabled": True, "tile_size": "5m"},
        "name": "things",
    },
}


def declared(arguments: Any) -> GroupBy:
    """Make the GroupBy of some arguments, whatever they are."""
    aggregations = [
        Aggregation(**given | {"operation": operation(given.get("operation"))})
        for given in arguments["aggregations"]
    ]
    source = EventSource(**arguments["source"], query=Query(**arguments["query"]))
    derivations = [Derivation(**given) for given in arguments["derivations"]]
    return GroupBy(
        sources=[source],
        aggregations=aggregations,
        derivations=derivations,
        **arguments["group_by"],
    )


def operation(name: Any) -> Any:
    """The operation of a name, with an argument where it takes one, or the name itself."""
    return Operation.TOP_K(3) if name == "TOP_K" else getattr(Operation, str(name), name)


@fuzzed
@given(arguments=damaged(ARGUMENTS))
def test_a_declaration_is_compiled_or_refused(arguments: Any) -> None:
    """What Python itself refuses, as a name that is no name, does not count."""
    try:
        group_by = declared(arguments)
    except (TypeError, KeyError, AttributeError, ValueError):
        return
    with only_errors_of_ours():
        compile_group_by(group_by)
