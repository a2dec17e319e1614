"""The kit of event logs."""

from __future__ import annotations

from pathlib import Path

KIT = Path(__file__).parents[1] / "conformance" / "kit"

#: The names of the logs, which are folders.
LOGS = sorted(path.name for path in KIT.iterdir() if (path / "features.py").exists())
