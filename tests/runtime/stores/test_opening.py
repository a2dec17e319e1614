"""Which URLs are stores."""

from __future__ import annotations

import pytest

from tilewright_runtime.errors import StoreError
from tilewright_runtime.stores import open_store


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("redis-cluster://localhost:7000", "redis+cluster:"),
        ("rediss+clster://localhost:7000", "rediss+cluster:"),
        ("lmbd:tiles", "lmdb:"),
    ],
)
def test_a_misspelled_scheme_gets_advice(url: str, near: str) -> None:
    """Also that of a cluster, which has a plus."""
    with pytest.raises(StoreError) as told:
        open_store(url)
    assert str(told.value).endswith(f"Did you mean {near}?")
