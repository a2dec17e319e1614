"""What a Flink job's workers know: plan and store.

Flink's web page and its REST interface show these parameters to everyone who may open them. So the
store's password is never among them: workers find it in their environment.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tilewright_compiler.plan.model import Plan

from ...plans import plan_of_document

_PLAN, _STORE, _STREAM = "tilewright.plan", "tilewright.store", "tilewright.stream"
_BY_ENTITY = "tilewright.by-entity"


@dataclass(frozen=True)
class JobParameters:
    """The parameters of a function that puts tiles."""

    plan: Plan
    store_url: str
    """Without a password."""
    stream: str
    """The name that the store has given what fills it."""
    by_entity: bool
    """Whether all tiles of an entity go to one instance."""

    def encode(self) -> str:
        """Write the parameters as Flink's setting.

        The values are free of its separators.
        """
        document = self.plan.model_dump_json().encode()
        values = {
            _PLAN: base64.b64encode(zlib.compress(document)).decode(),
            _STORE: base64.b64encode(self.store_url.encode()).decode(),
            _STREAM: base64.b64encode(self.stream.encode()).decode(),
            _BY_ENTITY: str(self.by_entity),
        }
        return ",".join(f"{name}:{value}" for name, value in values.items())

    @classmethod
    def read(cls, parameter: Callable[[str, str], str]) -> JobParameters:
        """Read the parameters in a worker.

        `parameter(name, default)` asks Flink for one.
        """
        document = json.loads(zlib.decompress(base64.b64decode(parameter(_PLAN, ""))))
        return cls(
            plan_of_document(document, "the plan of the job"),
            base64.b64decode(parameter(_STORE, "")).decode(),
            base64.b64decode(parameter(_STREAM, "")).decode(),
            parameter(_BY_ENTITY, "") == str(True),
        )
