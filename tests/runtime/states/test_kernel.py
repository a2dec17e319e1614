"""How the kernel is found."""

from __future__ import annotations

from typing import Any

import pytest
import xxhash

from support.kernels import required_kernel
from tilewright_runtime.states import kernel as kernels


@pytest.fixture
def native() -> Any:
    return required_kernel()


@pytest.mark.parametrize("value", ["off", "OFF"])
def test_the_environment_turns_it_off(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """However the word is written."""
    monkeypatch.setenv(kernels.VARIABLE, value)
    assert kernels.kernel() is None


def test_another_interface_is_left_unused(monkeypatch: pytest.MonkeyPatch, native: Any) -> None:
    """A warning says what to install."""
    monkeypatch.setattr(native, "INTERFACE", 0)
    kernels._load.cache_clear()
    with pytest.warns(RuntimeWarning, match="interface 0.*Install both of one version"):
        assert kernels.kernel() is None
    kernels._load.cache_clear()


def test_its_checksum_is_that_of_the_library(native: Any) -> None:
    """For each length up to some blocks of 16 bytes, and beyond."""
    data = bytes(range(256)) * 4
    for size in [*range(70), 255, 1_000]:
        got = native.xxh32(data[:size], size)
        assert got == xxhash.xxh32_intdigest(data[:size], size)


def test_its_identities_are_hashed_as_by_the_library(native: Any) -> None:
    """For each length up to some blocks of 32 bytes, and beyond."""
    data = bytes(range(256)) * 4
    for size in [*range(140), 255, 1_000]:
        assert native.xxh64(data[:size]) == xxhash.xxh64_intdigest(data[:size])


def test_what_is_no_bytes_is_refused(native: Any) -> None:
    """It reads no memory that it was not given."""
    with pytest.raises(TypeError):
        native.digest_quantiles(["text"], [0.5])
    program = native.Program(7, 0, 1, 2, [60_000], [0] * 7)
    with pytest.raises(TypeError):
        program.decode([["text"]], native.Ranges([(60_000, 0, 60_000)], [b"level"]), b"key")
    with pytest.raises(ValueError, match="behind the fixed block"):
        program.add_slab("add:i64", 6, 8)
