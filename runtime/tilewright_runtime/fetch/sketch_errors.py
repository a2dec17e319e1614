"""How far off the sketches of features may be."""

from __future__ import annotations

import math
from typing import Any

from tilewright_compiler.plan.model import Plan, State

#: The rank error of a t-digest of compression 200, at worst where many tiles are merged (measured).
_DIGEST_RANK_ERROR = 0.01
#: The constants of KLL's normalized rank error for a single rank, as Apache DataSketches states it.
_KLL_FACTOR, _KLL_EXPONENT = 2.296, 0.9021


def sketch_errors(plan: Plan) -> dict[str, dict[str, float]]:
    """Say the error of each feature of a sketch.

    It is the relative standard error of a count of different values, and the error of the rank of a
    percentile, as a part of all values. Bounds of TOP_K depend on the values: an answer says them
    in `max_error`.
    """
    states = {state.id: state for state in plan.states}
    errors = {}
    for feature in plan.features:
        for state in map(states.__getitem__, feature.states):
            if (error := _error(state)) is not None:
                errors[feature.name] = error
    return errors


def _error(state: State) -> dict[str, Any] | None:
    params = state.params
    match state.kind:
        case "hll":
            return {"relative_standard_error": 1.04 / math.sqrt(1 << int(params["lg_k"]))}
        case "tdigest":
            return {"rank_error": _DIGEST_RANK_ERROR * 200 / int(params["k"])}
        case "kll":
            return {"rank_error": _KLL_FACTOR / int(params["k"]) ** _KLL_EXPONENT}
    return None
