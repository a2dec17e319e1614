"""The tree of errors: one root for the three wings."""

from __future__ import annotations

import pytest

import tilewright
import tilewright_runtime
from tilewright_compiler.frontend.diagnostics import CompileError
from tilewright_runtime import errors


def test_the_root_is_the_same_by_every_name() -> None:
    """Whoever imports it from the language or from the runtime catches the same errors."""
    assert tilewright.TilewrightError is tilewright_runtime.TilewrightError
    assert errors.TilewrightError is tilewright.TilewrightError


def test_mistakes_in_declarations_stand_below_the_root() -> None:
    """A caller that compiles and runs needs one `except`."""
    assert issubclass(CompileError, tilewright.TilewrightError)


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name[0].isupper()])
def test_the_picture_has_every_error(name: str) -> None:
    """The tree in the module's docstring names each error, which stands below the root."""
    assert issubclass(getattr(errors, name), tilewright.TilewrightError)
    assert name in str(errors.__doc__)
