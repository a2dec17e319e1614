"""A layout's merges, as the native kernel does them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..states.kernel import kernel
from .layout import Layout

_MERGES = {"add": "add", "minimum": "min", "fmin": "min", "maximum": "max"}


def native_program(layout: Layout, seed: int, ladder_ms: Sequence[int]) -> Any | None:
    """Prepare the kernel to merge records of a layout.

    What a text goes with is left out: it is merged where the text is chosen. None where there is no
    kernel, or where states merge their numbers by methods that it does not know.
    """
    module = kernel()
    if module is None:
        return None
    if any(state.kernel_merge is None and state.text is None for state in layout.joint_states):
        return None
    native = module.Program(
        layout.words,
        len(layout.variable),
        seed,
        layout.fingerprint,
        list(ladder_ms),
        layout.empty_words(),
    )
    for slab in layout.slabs:
        native.add_slab(f"{_MERGES[slab.function]}:{slab.dtype}", slab.start, slab.stop)
    for state in layout.joint_states:
        if (merge := state.kernel_merge) is not None:
            getattr(native, f"add_{merge.kind}")(*merge.arguments)
    return native
