"""What every piece of a plan is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A frozen piece of a plan; unknown keys are an error, since they mean another version."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
