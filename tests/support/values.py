"""One feature of one key over a day, of given values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from support.plans import AT, HOUR, aggregations, plan_of
from support.session import Session


def feature_of(values: Sequence[Any], kind: pa.DataType, operation: Any, parts: int = 5) -> Any:
    """The feature of one key over a day, its values written in several parts and spread over its
    tiles.
    """
    made = plan_of(
        {"k": "string", "v": {pa.int64(): "bigint", pa.float64(): "double"}.get(kind, "string")},
        ["k"],
        aggregations("v", [operation], ["1d"]),
    )
    session = Session(made)
    for part in range(parts):
        some = pa.array(values[part::parts], kind)
        times = AT - 1 - (np.arange(len(some)) * 7_919_000) % (20 * HOUR)
        session.write(pa.table({"k": pa.array(["a"] * len(some)), "v": some, "ts": times}))
    (answer,) = session.features(k="a").values()
    return answer
