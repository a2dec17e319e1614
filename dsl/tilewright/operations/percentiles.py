"""Approximate percentiles, and the sketches that they are read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from .spec import NUMBERS, Bounds, OperationSpec, States

if TYPE_CHECKING:
    from dataclasses import KW_ONLY
else:
    KW_ONLY = None  # a fetch imports operations, and no dataclasses

#: sketch -> the argument that says its size
SKETCH_SIZES = {"tdigest": "compression", "kll": "k"}


class ApproxPercentile(OperationSpec):
    """The approximate percentiles of the values, by a sketch.

    The answer has one value for each fraction asked for, in the order of the arguments. The sketch
    is a t-digest or a KLL sketch; `compression=` is the size of the former, `k=` that of the
    latter, both 200 by default.
    """

    name = "APPROX_PERCENTILE"
    accepts = NUMBERS
    percentiles: Sequence[float]
    _: KW_ONLY
    sketch: Literal["tdigest", "kll"] = "tdigest"
    compression: int | None = None
    k: int | None = None
    bounds = (Bounds("compression", 10, 10_000), Bounds("k", 8, 65_535))
    positional = ("percentiles",)

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

    @classmethod
    def fits(cls, params: Mapping[str, Any]) -> bool:
        """Tell whether parameters are fractions and a sketch."""
        fractions, sketch = params.get("percentiles"), params.get("sketch")
        return (
            params.keys() == {"percentiles", "sketch"}
            and isinstance(sketch, str)
            and sketch in SKETCH_SIZES
            and isinstance(fractions, list)
            and bool(fractions)
            and all(type(one) is float and 0 <= one <= 1 for one in fractions)
        )

    @classmethod
    def argument_types(cls) -> dict[str, Any]:
        """Add what fractions are, and whose size is given."""
        from ..arguments.operations import FRACTIONS, of_its_sketch

        sizes = of_its_sketch(SKETCH_SIZES)
        types = super().argument_types() | {"percentiles": FRACTIONS}
        return types | {name: Annotated[types[name], sizes] for name in SKETCH_SIZES.values()}

    def kept_states(self) -> States:
        """Give one sketch for any number of percentiles."""
        return ((self.sketch, {"k": getattr(self, SKETCH_SIZES[self.sketch]) or 200}),)

    def result(self, input_type: str, family: str) -> str:
        """Give a list, even for one percentile."""
        return "DOUBLE[]"
