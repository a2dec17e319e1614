"""numpy, which is imported when something is first asked of it.

Its import takes half of a new process's time to its first answer, and with the native kernel most
fetches do not need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["np"]

if TYPE_CHECKING:
    import numpy as np
else:

    class _Numpy:
        """Gives what numpy has, and keeps it, so that it is found at once the next time."""

        def __getattr__(self, name: str) -> Any:
            import numpy

            value = getattr(numpy, name)
            setattr(self, name, value)
            return value

    np = _Numpy()
