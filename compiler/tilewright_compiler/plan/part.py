"""What every piece of a plan is."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: Numbers of milliseconds, bytes and the like; sums of some of them fit 64 bits.
_LARGEST = 1 << 60
Positive = Annotated[int, Field(ge=1, le=_LARGEST)]
Natural = Annotated[int, Field(ge=0, le=_LARGEST)]
Real = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Part(BaseModel):
    """A frozen piece of a plan.

    Unknown keys are an error, since they mean another version.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
