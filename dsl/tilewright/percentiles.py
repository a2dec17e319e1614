"""Approximate percentiles, and the sketches that they are read from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from .operation_spec import NUMBERS, OperationSpec, States

#: sketch -> the argument that says its size
_SKETCH_SIZES = {"tdigest": "compression", "kll": "k"}


def _of_its_sketch(value: int | None, info: ValidationInfo) -> int | None:
    sketch = info.data.get("sketch")
    if value is None or sketch is None or _SKETCH_SIZES[sketch] == info.field_name:
        return value
    size = _SKETCH_SIZES[sketch]
    what = f"the sketch {sketch!r} has no {info.field_name}. "
    what += f"Its size is {size}=…, 200 by default."
    raise PydanticCustomError("tw:bad-value", "{what}", {"what": what})


class ApproxPercentile(OperationSpec):
    """The approximate percentiles of the values, by a sketch.

    The answer has one value for each fraction asked for, in the order of the arguments. The sketch
    is a t-digest or a KLL sketch; `compression=` is the size of the former, `k=` that of the
    latter, both 200 by default.
    """

    name = "APPROX_PERCENTILE"
    accepts = NUMBERS
    percentiles: Annotated[Sequence[Annotated[float, Ge(0), Le(1)]], MinLen(1)] = Field(
        kw_only=False
    )
    sketch: Literal["tdigest", "kll"] = "tdigest"
    compression: Annotated[int | None, Ge(10), Le(10_000), AfterValidator(_of_its_sketch)] = None
    k: Annotated[int | None, Ge(8), Le(65_535), AfterValidator(_of_its_sketch)] = None
    _positional = ("percentiles",)

    @property
    def suffix(self) -> str:
        """The name without k, the size of a sketch."""
        return self.name.lower()

    @property
    def params(self) -> dict[str, Any]:
        """The parameters in the plan, without the sketch's size.

        The size stands with the state.
        """
        return {"percentiles": [float(p) for p in self.percentiles], "sketch": self.sketch}

    def kept_states(self) -> States:
        """Give one sketch for any number of percentiles."""
        return ((self.sketch, {"k": getattr(self, _SKETCH_SIZES[self.sketch]) or 200}),)

    def result(self, input_type: str, family: str) -> str:
        """Give a list, even for one percentile."""
        return "DOUBLE[]"
