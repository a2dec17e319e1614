"""Options of a writer that are of another class."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from support.session import Session, row
from tilewright_runtime.errors import InputError


@pytest.mark.parametrize(
    "options",
    [
        {"max_rejects": "3"},
        {"max_rejects": -1},
        {"max_rejects": float("nan")},
        {"clock": 1_704_378_000_000},
        {"stream": pd.NA},
        {"replay": pd.Series([True])},
        {"sweeps": "no"},
    ],
    ids=str,
)
def test_an_option_of_another_class_is_an_error(options: dict[str, Any]) -> None:
    """It names the option, before anything is written."""
    with pytest.raises(InputError, match=next(iter(options))):
        Session(**options).write([row("a", 1)])


@pytest.mark.parametrize("options", [{"source": ["x"]}, {"source": {}}, {"again": pd.NA}], ids=str)
def test_a_word_of_a_write_of_another_class_is_an_error(options: dict[str, Any]) -> None:
    """What has no hash is no source, and what has no truth says nothing."""
    with pytest.raises(InputError):
        Session().write([row("a", 1)], **options)
