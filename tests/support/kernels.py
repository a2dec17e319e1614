"""Fetches with the native kernel and with numpy, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher
from tilewright_runtime.states.kernel import VARIABLE
from tilewright_runtime.stores import Store


@contextmanager
def numpy_only() -> Iterator[None]:
    """Leave the kernel unused."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, "off")
        yield


def required_kernel() -> Any:
    """The kernel; a test is skipped where it was not built."""
    return pytest.importorskip(
        "tilewright_kernel", reason="there was no compiler to build the kernel"
    )


def both(plan: Plan, store: Store) -> tuple[Fetcher, Fetcher]:
    """A fetcher that uses the kernel, and one that does not."""
    required_kernel()
    with numpy_only():
        reference = Fetcher(plan, store)
    return Fetcher(plan, store), reference
