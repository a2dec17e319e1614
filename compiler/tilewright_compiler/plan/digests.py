"""Digests of a plan.

One is of all of it, the other of what stored tiles depend on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from functools import cache
from importlib import import_module
from typing import Any, Final

#: What says nothing of how a plan runs: the digests themselves, and the author's lines.
_NOT_DIGESTED: Final = ("fingerprint", "storage_fingerprint", "declared")
#: What else has the author's lines.
_WITH_LINES: Final = ("sources", "features", "derivations")


def digest(content: Any) -> str:
    """Digest a JSON value to 16 hexadecimal digits.

    They are the first of the SHA-256 of its canonical form: sorted keys, no spaces, UTF-8.
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    hexadecimal: str = _sha256()(text.encode()).hexdigest()
    return hexadecimal[:16]


@cache
def _sha256() -> Callable[[bytes], Any]:
    """Find SHA-256 where it is imported soonest.

    `hashlib` loads OpenSSL, which takes longer than reading a plan. Python's own digests are in
    modules that `hashlib` and `random` use too, under a name that its versions have changed.
    """
    function: Callable[[bytes], Any]
    for name in ("_sha2", "_sha256"):
        try:
            function = import_module(name).sha256
        except ImportError:
            continue
        return function
    function = import_module("hashlib").sha256
    return function


def whole_content(plan: dict[str, Any]) -> dict[str, Any]:
    """Pick what a plan does from it as JSON.

    It stays the same if a declaration moves down a line.
    """
    content = _digested(plan)
    for name in _WITH_LINES:
        content[name] = [_digested(part) for part in plan[name]]
    return content


def stored_content(plan: dict[str, Any]) -> dict[str, Any]:
    """Pick what stored tiles depend on, part by part.

    It is picked from a plan as JSON. That is neither where events lie nor which features are
    computed from the states.
    """
    used = {key["name"] for key in plan["keys"]}
    for feature in plan["features"]:
        used.update((feature["input"], feature["bucket"]))
    # Every record names its own compression, so that of a plan can change at any time. What
    # stands here is what it was by default when it was a part of the fingerprint.
    layout = plan["tile_layout"] | {"compression": "snappy"}
    stored = {name: plan[name] for name in ("name", "keys", "key_layout")}
    stored["states"] = [_without_limit(state) for state in plan["states"]]
    stored |= {"tile_layout": layout, "sources": [_read(s, used) for s in plan["sources"]]}
    stored["levels"] = [level["size_ms"] for level in plan["levels"]]
    if plan["events"] is not None:
        stored["events"] = {name: plan["events"][name] for name in ("size_ms", "columns")}
    return stored


def _digested(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in _NOT_DIGESTED}


def _without_limit(state: dict[str, Any]) -> dict[str, Any]:
    """Leave out how many values a tile may keep.

    It changes nothing of what is kept.
    """
    params = {name: value for name, value in state["params"].items() if name != "max_values"}
    return state | {"params": params}


def _read(source: dict[str, Any], used: Collection[str | None]) -> dict[str, Any]:
    """Pick what the tiles depend on of a source.

    Of its expressions these are the ones in use.
    """
    content = {name: source[name] for name in ("schema", "wheres", "time_column", "dialect")}
    if "null_values" in source:
        content["null_values"] = source["null_values"]
    selects = source["selects"]
    content["selects"] = {name: selects[name] for name in selects if name in used}
    return content
