"""The most frequent values, with bounds of their counts: TOP_K."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Feature
from tilewright_compiler.plan.types import family

from ..base import KernelSketch, Placement, StateType
from ..fields import Fields
from ..frequency_summary import Summary, SummaryUnion, add, decode, encode
from ..small_sketches import complete, list_offsets, small_summaries
from ..values import Merged, to_python

if TYPE_CHECKING:
    import pyarrow as pa

    from ..grouped_values import GroupedValues

_EPOCH_DAY = date(1970, 1, 1)


class FrequentValues(StateType):
    """A summary of how often values come."""

    adds_lists = True
    states_error = True
    merges_gathered = True

    def __init__(self, placement: Placement) -> None:
        super().__init__(placement)
        self._room = 3 << int(self.state.params["lg_max_k"]) >> 2
        self._family = family(self.state.type)
        self._to_python = to_python(self.state.type)

    def from_values(self, values: GroupedValues) -> Mapping[str, Fields]:
        """Count the values of each group."""
        import pyarrow as pa

        offsets, different, counts = values.counted()
        texts = pa.array(self._texts(values, different), pa.string())
        return {"sketch": self.from_column(pa.MapArray.from_arrays(offsets, texts, counts))}

    def _texts(self, values: GroupedValues, different: NDArray[Any]) -> list[str]:
        """Write values as SQL writes them."""
        match self._family:
            case "text":
                return values.arrow(different).to_pylist()  # type: ignore[no-any-return]
            case "boolean":
                return ["true" if value else "false" for value in different.tolist()]
            case "date":
                days = map(timedelta, different.tolist())
                return [(_EPOCH_DAY + day).isoformat() for day in days]
            case _:
                return list(map(str, different.tolist()))

    def from_column(self, column: pa.Array) -> Fields:
        """Make the summary of each tile.

        The column holds maps of counts, or lists of values.
        """
        import pyarrow as pa

        column, offsets = list_offsets(column)
        is_map = pa.types.is_map(column.type)
        texts = (column.keys if is_map else column.values).cast("binary")
        # Engines without a count by value give the values, each of which counts once.
        counts = column.items.cast("int64").to_numpy() if is_map else np.ones(len(texts), np.int64)
        summaries = small_summaries(texts, counts, offsets, self._room)

        def summarize(bounds: slice) -> bytes:
            counters: dict[bytes, int] = {}
            own, times = texts[bounds], counts[bounds]
            if not is_map:
                own, times = own.value_counts().flatten()
            add(counters, zip(own.to_pylist(), times.tolist(), strict=True))
            return self._encode(Summary(counters, counters, 0, sum(counters.values())))

        return complete(summaries, column, offsets, summarize)

    def merge(self, parts: Sequence[bytes], /) -> SummaryUnion:
        """Put the summaries of some tiles side by side.

        All their values stay; `encode` drops those without room.
        """
        return SummaryUnion(parts)

    def encode(self, merged: SummaryUnion, /) -> bytes:
        """Encode summaries as one, as far as there is room."""
        return self._encode(merged.summary)

    def join(self, parts: Sequence[bytes], /) -> bytes:
        """Add summaries up; all their values stay."""
        return encode(SummaryUnion(parts).summary)

    def _encode(self, merged: Summary) -> bytes:
        summary = Summary(merged.counters, merged.seen, merged.error, merged.total)
        summary.shrink(self._room)
        return encode(summary)

    def difference(self, want: bytes, got: bytes) -> str | None:
        """Compare the bounds of the values that certainly are frequent."""
        first, second = decode(want), decode(got)
        if first.total != second.total:
            return f"counts {second.total} values, not {first.total}"
        for item in first.counters:
            (low, high), (least, most) = first.bounds(item), second.bounds(item)
            if low > first.error and (most < low or least > high):
                return f"counts {item.decode()!r} {least} times, not {low}"
        return None

    def max_error(self, merged: Merged) -> int:
        """Return how far below the truth a count may be."""
        summaries: SummaryUnion | None = merged.objects[f"{self.id}.sketch"]
        return 0 if summaries is None else summaries.error

    def finalize(self, feature: Feature, merged: Merged) -> list[dict[str, Any]] | None:
        """Finalize TOP_K: the values that are certainly frequent.

        A value is listed if it came more often than any value without a counter can have.
        """
        summaries: SummaryUnion | None = merged.objects[f"{self.id}.sketch"]
        if summaries is None:
            return None
        k = feature.params["k"]
        certain = summaries.top(k)
        if self._family == "text":  # whose order is that of its bytes
            return [{"item": item.decode(), "count": count} for item, count in certain[:k]]
        ordered = [(-count, self._value(item)) for item, count in certain]
        ordered.sort()
        return [{"item": value, "count": -negative} for negative, value in ordered[:k]]

    def kernel_sketch(self, feature: Feature) -> KernelSketch | None:
        """Let the kernel list texts, whose order is that of their bytes."""
        if self._family != "text":
            return None
        return KernelSketch("frequent", [feature.params["k"]])

    def _value(self, item: bytes) -> Any:
        text = item.decode()
        match self._family:
            case "boolean":
                return text == "true"
            case "date":
                return date.fromisoformat(text)
            case _:
                return self._to_python(int(text))


KINDS = {"frequent": FrequentValues}
FINALIZERS = {"TOP_K": FrequentValues.finalize}
