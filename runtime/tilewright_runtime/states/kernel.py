"""The native kernel, where it is installed and wanted.

It is a distribution of its own, `tilewright-kernel`. All that it computes numpy computes too, with
the same results.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from functools import cache
from types import ModuleType

#: `off` leaves the kernel unused.
VARIABLE = "TILEWRIGHT_KERNEL"

#: The interface of the kernel that this version calls.
_INTERFACE = 15


def kernel() -> ModuleType | None:
    """Find the kernel, or None where numpy does its work."""
    return None if os.environ.get(VARIABLE, "").lower() == "off" else _load()


def kernel_of(parts: Sequence[bytes]) -> ModuleType | None:
    """Find the kernel for some parts of a field.

    Those that it gathered itself need no look at the environment, which takes a microsecond.
    """
    return kernel() if isinstance(parts, (list, tuple)) else _load()


@cache
def _load() -> ModuleType | None:
    try:
        import tilewright_kernel
    except ImportError:
        return None
    if tilewright_kernel.INTERFACE != _INTERFACE:
        warnings.warn(
            f"the installed tilewright-kernel has interface {tilewright_kernel.INTERFACE}, and "
            f"this version of Tilewright calls {_INTERFACE}: it stays unused, so fetches take "
            "longer. Install both of one version (pip install ./tilewright "
            "./tilewright/runtime/kernel).",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    module: ModuleType = tilewright_kernel
    return module
