"""Texts of numbers that a cast would round, or make infinite."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tilewright_runtime.readers.number_texts import fractions, overflows


@pytest.mark.parametrize(
    ("declared", "text", "is_one"),
    [
        ("FLOAT", "3.4e38", False),
        ("FLOAT", "1e39", True),
        ("FLOAT", "-1E+39", True),
        ("FLOAT", "9" * 39, True),
        ("FLOAT", "1e-400", False),
        ("FLOAT", "inf", False),
        ("FLOAT", "1e", False),
        ("FLOAT[]", "[1.5,1e39]", True),
        ("FLOAT[]", '["1e39"]', True),
        ("FLOAT[]", "[1e39", False),
        ("FLOAT[]", "[3e38,null]", False),
        ("DOUBLE", "1e39", False),
        ("DOUBLE", "1.7976931348623157e308", False),
        ("DOUBLE", "1e309", True),
        ("DOUBLE", "9" * 400, True),
        ("DOUBLE", "1e9999999999999999999", True),
        ("DOUBLE[]", '["inf",1e99]', False),
        ("DOUBLE[]", "[1e309]", True),
    ],
)
def test_a_finite_number_does_not_become_infinite(declared: str, text: str, is_one: bool) -> None:
    """The largest float is 3.4028235e38, and the largest double 1.7976931348623157e308."""
    assert overflows(pa.array(["1", text, None]), declared).to_pylist() == [False, is_one, False]


@pytest.mark.parametrize(
    ("declared", "text", "is_one"),
    [
        ("BIGINT", "9007199254740993.5", True),
        ("BIGINT", "9007199254740993.0", False),
        ("BIGINT", "1e3", False),
        ("BIGINT", "15e-1", True),
        ("BIGINT", "a.b", False),
        ("BIGINT[]", "[1,2.5]", True),
        ("BIGINT[]", "[1.0]", False),
    ],
)
def test_a_fraction_is_not_rounded(declared: str, text: str, is_one: bool) -> None:
    """A double would not tell the largest numbers from whole ones."""
    assert fractions(pa.array([text, None]), declared).to_pylist() == [is_one, False]
