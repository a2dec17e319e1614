"""How a job reports to its command line."""

from __future__ import annotations

from collections.abc import Callable

#: Takes one line for a person; the job says nothing in any other way.
Report = Callable[[str], None]
