"""Which names can become folders, keys and options."""

from __future__ import annotations

import pytest

from tilewright_compiler.frontend.names import folder_problem, is_dotted


@pytest.mark.parametrize(
    "name", ["con", "NUL", "Aux.daily", "prn.a.b", "com1", "LPT9.x", "COM0", "n" * 201]
)
def test_no_folder_is_a_device_or_too_long(name: str) -> None:
    """Windows takes these for devices whatever follows the dot, and no file system takes all."""
    assert is_dotted(name)
    assert folder_problem(name)


@pytest.mark.parametrize(
    "name", ["console", "a.con", "aux1", "com", "com10", "lpt.x", "nul_", "n" * 200]
)
def test_other_names_are_folders(name: str) -> None:
    """What only looks like a device is none."""
    assert folder_problem(name) is None
