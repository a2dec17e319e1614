"""The functions of generated Flink jobs.

No other module imports PyFlink when it is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyflink.table.udf import ScalarFunction, udf

from ...ingest.stream_sink import TileSink
from ...stores import open_store
from .metrics import SinkMetrics, late_events_counter
from .parameters import JobParameters
from .partials import PartialTiles

if TYPE_CHECKING:
    from pyflink.table import FunctionContext


class PutTiles(ScalarFunction):  # type: ignore[misc]
    """Put a batch of tiles, and all coarser ones.

    Gives 1 for each row.
    """

    def open(self, context: FunctionContext) -> None:
        """Open the store, and register metrics."""
        parameters = JobParameters.read(context.get_job_parameter)
        self._partials = PartialTiles(parameters.plan)
        self._store = open_store(parameters.store_url)
        self._metrics = SinkMetrics(context.get_metric_group(), parameters.plan.name)
        self._sink = TileSink(
            parameters.plan,
            self._store,
            is_alone=parameters.by_entity,
            stream=parameters.stream,
            measure=self._metrics.encoded,
        )

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def eval(self, *columns: Any) -> Any:
        """Put partial tiles, given as pandas series.

        They are the columns of the plan's `partials`.
        """
        import pandas as pd

        schema = self._partials.schema
        partials = pa.table(
            [_column(series, field) for series, field in zip(columns, schema, strict=True)],
            schema=schema,
        )
        with self._metrics.put(len(partials)):
            self._sink.put(self._partials.finish(partials))
        return pd.Series([1] * len(partials), dtype="int64")


class CountLate(ScalarFunction):  # type: ignore[misc]
    """Count late events that are in their tiles.

    Gives 1 for each.
    """

    def open(self, context: FunctionContext) -> None:
        """Register the counter."""
        plan = JobParameters.read(context.get_job_parameter).plan
        self._late_events = late_events_counter(context.get_metric_group(), plan.name)

    def eval(self, times: Any) -> Any:
        """Count events, of which a pandas series gives the times."""
        import pandas as pd

        self._late_events.inc(len(times))
        return pd.Series([1] * len(times), dtype="int64")


def _column(series: Any, field: pa.Field) -> pa.Array:
    # pandas writes a null number as NaN. Only the smallest and largest of no values are null, and
    # they are never NaN, so NaN means null there and nowhere else.
    values = series.to_numpy()
    if pa.types.is_list(field.type):
        return pa.array(list(values), field.type)
    return pa.array(values, field.type, from_pandas=field.name.endswith(".value"))


put_tiles = udf(PutTiles(), result_type="BIGINT", func_type="pandas")
count_late = udf(CountLate(), result_type="BIGINT", func_type="pandas")
