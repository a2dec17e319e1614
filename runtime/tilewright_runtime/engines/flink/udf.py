"""The function of generated Flink jobs: it puts batches of tiles.

Only the modules of that name import PyFlink.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyflink.table.udf import ScalarFunction, udf

from tilewright_compiler.plan.model import Plan

from ...ingest.stream_sink import TileSink
from ...plans import plan_of_document
from ...stores import open_store
from .partials import Finisher

if TYPE_CHECKING:
    from pyflink.table import FunctionContext

_PLAN, _STORE, _BY_ENTITY = "tilewright.plan", "tilewright.store", "tilewright.by-entity"


def job_parameters(plan: Plan, store_url: str, by_entity: bool) -> Mapping[str, str]:
    """The parameters by which the function learns of the plan and the store; their values are free
    of separators.

    `by_entity` says whether each instance of the function has all tiles of its entities to itself.
    """
    document = json.dumps(plan.model_dump(by_alias=True, mode="json")).encode()
    return {
        _PLAN: base64.b64encode(zlib.compress(document)).decode(),
        _STORE: base64.b64encode(store_url.encode()).decode(),
        _BY_ENTITY: str(by_entity),
    }


class PutTiles(ScalarFunction):  # type: ignore[misc]
    """Puts the tiles of a batch and all coarser ones into the store that the job names, and gives 1
    for each row.
    """

    def open(self, context: FunctionContext) -> None:
        """Opens the store."""
        document = json.loads(
            zlib.decompress(base64.b64decode(context.get_job_parameter(_PLAN, "")))
        )
        plan = plan_of_document(document, "the plan of the job")
        self._finisher = Finisher(plan)
        self._store = open_store(base64.b64decode(context.get_job_parameter(_STORE, "")).decode())
        self._sink = TileSink(
            plan, self._store, is_alone=context.get_job_parameter(_BY_ENTITY, "") == str(True)
        )

    def close(self) -> None:
        """Closes the store."""
        self._store.close()

    def eval(self, *columns: Any) -> Any:
        """The columns of `handover.handed_over`, as pandas series of one length."""
        import pandas as pd

        schema = self._finisher.schema
        handed = pa.table(
            [_column(series, field) for series, field in zip(columns, schema, strict=True)],
            schema=schema,
        )
        self._sink.put(self._finisher.finish(handed))
        return pd.Series([1] * len(handed), dtype="int64")


def _column(series: Any, field: pa.Field) -> pa.Array:
    # pandas has no null among numbers but NaN; only the smallest and largest of no values are null,
    # and NaN is none of them.
    values = series.to_numpy()
    if pa.types.is_list(field.type):
        return pa.array(list(values), field.type)
    return pa.array(values, field.type, from_pandas=field.name.endswith(".value"))


put_tiles = udf(PutTiles(), result_type="BIGINT", func_type="pandas")
