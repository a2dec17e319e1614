"""How hypothesis runs here: the same examples each time, and no deadlines, since machines differ."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# The plugin that authors get; named here too, since the sources may be on the path without being installed.
pytest_plugins = ["tilewright_runtime.testing.plugin"]

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}
settings.register_profile("ci", derandomize=True, database=None, **_COMMON)  # type: ignore[arg-type]
#: For hunting: other examples each time, and many more of them.
settings.register_profile("hunt", max_examples=2_000, print_blob=True, **_COMMON)  # type: ignore[arg-type]
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
