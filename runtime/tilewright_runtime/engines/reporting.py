"""How a job tells whoever started it what happens; only their command lines print."""

from __future__ import annotations

from collections.abc import Callable

#: Takes one line for a person; the job says nothing in any other way.
Report = Callable[[str], None]
